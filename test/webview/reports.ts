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
