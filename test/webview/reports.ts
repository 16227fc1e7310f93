/** States of reports for the tests of their view: an inspection with a matrix, and classified images. */
import type { ReportState } from '../../src/webview/protocol.js';

export function reportState(): ReportState {
  return {
    id: '0b8bd2c3-0000-4000-8000-000000000000',
    images: {},
    report: {
      title: 'Dataset animals',
      heading: 'animals',
      lead: ['90 images · 3 classes'],
      links: [{ label: 'Train on this dataset', action: { type: 'trainDataset', dataset: '/images/animals' } }],
      blocks: [
        {
          kind: 'table',
          columns: [
            { title: 'Class', kind: 'name' },
            { title: 'Share of the images', kind: 'bar', isHidden: true },
            { title: 'F1', kind: 'share' },
            { title: 'Images', kind: 'count' },
          ],
          rows: ['cat', 'dog', 'bird'].map((label, index) => ({
            cells: [label, 30 - index, 0.9 - index / 10, 30 - index],
          })),
        },
        {
          kind: 'matrix',
          heading: 'Confusion matrix',
          lead: 'A row is what the images are.',
          task: null,
          labels: ['cat', 'dog', 'bird'],
          counts: [
            [28, 2, 0],
            [3, 25, 1],
            [0, 2, 26],
          ],
        },
        {
          kind: 'problems',
          heading: 'Problems (5,951)',
          groups: [
            {
              message: 'The classes differ strongly in size.',
              remedy: 'Add images of bird.',
              files: [{ path: '/images/animals', name: 'animals' }],
            },
            {
              message: '5,950 images are in two classes at once.',
              remedy: 'Keep each in the class that is right.',
              files: Array.from({ length: 5950 }, (_, index) => ({
                path: `/images/animals/cat/${index}.jpg`,
                name: `cat/${index}.jpg`,
                note: 'The same image is in the class dog, too.',
              })),
            },
          ],
        },
      ],
    },
  };
}

/** Classified images at these paths, none of which a test serves; the last one failed. */
export function imageState(paths: readonly string[]): ReportState {
  return {
    ...reportState(),
    images: Object.fromEntries(paths.map((path) => [path, `http://webview.test/missing${path}`])),
    report: {
      title: 'Classification Results',
      heading: `${paths.length} images classified`,
      lead: ['by first, step 90'],
      links: [],
      blocks: [
        {
          kind: 'table',
          columns: [
            { title: 'Image', kind: 'image' },
            { title: 'Class', kind: 'words' },
            { title: 'Probability', kind: 'share' },
            { title: 'Then', kind: 'quiet' },
          ],
          rows: paths.map((path, index) =>
            index === paths.length - 1
              ? {
                  cells: [path, null, null, null],
                  instead: { message: 'The file is damaged.', remedy: 'Replace it.' },
                }
              : { cells: [path, 'cat', 0.9, 'dog 9.0%'] },
          ),
        },
      ],
    },
  };
}

/** Two runs that are compared: `epochs` of each, and data that changed. */
export function runsState(epochs = 4): ReportState {
  const over = (from: number, to: number): [epochs: number[], values: number[]] => [
    Array.from({ length: epochs }, (_, i) => i + 1),
    Array.from({ length: epochs }, (_, i) => from + ((to - from) * (i + 1)) / epochs),
  ];
  const series = (...of: [number[], number[]][]) =>
    of.map(([own, values], i) => ({ label: ['photos', 'photos-2'][i]!, epochs: own, values }));
  const show = (list: 'flips' | 'changed', title: string, words: Record<string, string[]>) =>
    ({ type: 'showList', list, title, task: null, query: { words } }) as const;
  return {
    ...reportState(),
    report: {
      title: 'photos and photos-2',
      heading: 'photos-2: 80.0% → 93.3% right',
      lead: ['95 % intervals: photos: 68.2% to 88.2%; photos-2: 84.1% to 97.4%.', 'Images: 60 validation images.'],
      links: [{ label: '8 right now', action: show('flips', '8 right now', { change: ['isRight'] }) }],
      blocks: [
        {
          kind: 'table',
          heading: 'Classes',
          lead: 'F1 with its 95 % interval.',
          columns: [
            { title: 'Class', kind: 'name' },
            { title: 'photos', kind: 'range' },
            { title: 'photos-2', kind: 'range' },
            { title: 'Change in points', kind: 'change' },
            { title: 'Images', kind: 'count' },
          ],
          rows: [
            { cells: ['faces', [0.865, 0.71, 0.94], [0.919, 0.78, 0.97], 5.4, 20], action: show('flips', 'faces', {}) },
            { cells: ['flags', [0.788, 0.6, 0.9], [0.788, 0.6, 0.9], 0, 20], action: show('flips', 'flags', {}) },
            { cells: ['food', null, [0.76, 0.61, 0.87], -1.26, 20], action: show('flips', 'food', {}) },
          ],
        },
        {
          kind: 'curves',
          heading: 'Curves',
          lead: 'As each run measured it while it trained, by the labels of that time.',
          charts: [
            {
              title: 'Accuracy on validation images',
              format: 'percent',
              series: series(over(0.6, 0.8), over(0.8, 0.93)),
            },
            { title: 'Loss on validation images', format: 'loss', series: series(over(0.6, 0.49), over(0.34, 0.2)) },
          ],
        },
        {
          kind: 'table',
          heading: 'Data',
          lead: 'From “photos” to “photos-2”: 38 labels changed.',
          columns: [
            { title: 'Change', kind: 'name' },
            { title: 'Images', kind: 'count' },
          ],
          rows: [{ cells: ['Label changed', 38], action: show('changed', 'Label changed', { edit: ['relabelled'] }) }],
        },
        { kind: 'table', heading: 'Settings', lead: 'All settings are the same.', columns: [], rows: [] },
      ],
    },
  };
}
