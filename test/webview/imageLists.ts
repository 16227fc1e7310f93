/** Lists of images for the tests of the grid, and the state of a grid that shows one. */
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../src/shared/imageListBuilder.js';
import type { ImageGridState } from '../../src/webview/protocol.js';

const labels = ['cat', 'dog', 'red panda'];

/** As an evaluation lists images: every fifth is a mistake, every seventh has a remark. */
export function gridState(images = 60, given: Partial<ImageGridState> = {}): ImageGridState {
  const builder = new ImageListBuilder();
  const label = new ChoiceBuilder({ id: 'label' }, labels);
  const prediction = new ChoiceBuilder({ id: 'prediction' }, labels);
  const split = new ChoiceBuilder({ id: 'split' }, ['train', 'validation', 'test']);
  const mark = new ChoiceBuilder({ id: 'mark' });
  const probability = new NumberBuilder({ id: 'probability' }, 'percent');
  const loss = new NumberBuilder({ id: 'loss' }, 'figure');
  for (let i = 0; i < images; i++) {
    const row = builder.add(`/images/${labels[i % 3]}/IMG_${i}.jpg`);
    label.set(row, labels[i % 3]!);
    prediction.set(row, labels[(i % 5 === 0 ? i + 1 : i) % 3]!);
    split.set(row, i % 4 ? 'validation' : 'test');
    probability.set(row, 0.4 + ((i * 37) % 60) / 100);
    loss.set(row, ((i * 13) % 40) / 10);
    if (i % 7 === 3) mark.set(row, 'The same image is in the class dog, too.');
  }
  const list = builder.list([label, prediction, split, probability, loss, ...(images ? [mark] : [])]);
  return {
    id: '1f4bd2c3-0000-4000-8000-000000000000',
    heading: 'Images of animals',
    lead: [`Images: ${images} validation images of the run.`],
    images,
    list: list.toBytes().buffer,
    canChange: true,
    task: null,
    query: {},
    ...given,
  };
}

/** A drawing as a thumbnail, another for each row. */
export function drawing(row: number): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="${160 + (row % 4) * 32}"><rect width="256" height="256" fill="hsl(${(row * 47) % 360} 45% 55%)"/><circle cx="128" cy="90" r="${40 + (row % 5) * 8}" fill="hsl(${(row * 71) % 360} 60% 75%)"/></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}
