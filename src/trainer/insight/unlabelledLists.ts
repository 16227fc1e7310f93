/** Lists of images without classes for the editor's grid: their groups, which to label next, and suggested classes. */
import type { ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../shared/imageListBuilder.js';
import type { ImageGroup, NextImage, Suggestion } from '../protocol.js';

/** None has a class yet: the column is for what the images become. */
const noLabel = (): ChoiceBuilder => new ChoiceBuilder({ id: 'label' });

export function groupList(groups: readonly ImageGroup[]): ImageList {
  const builder = new ImageListBuilder();
  const column = new ChoiceBuilder({ id: 'group' });
  for (const { group, paths } of groups) for (const path of paths) column.set(builder.add(path), String(group));
  return builder.list([noLabel(), column]);
}

export function rankedList(next: readonly NextImage[]): ImageList {
  const builder = new ImageListBuilder();
  const margin = new NumberBuilder({ id: 'margin' }, 'percent');
  for (const each of next) {
    const row = builder.add(each.path);
    if (each.margin !== null) margin.set(row, each.margin);
  }
  return builder.list([noLabel(), ...(next.some((each) => each.margin !== null) ? [margin] : [])]);
}

export function suggestionList(suggestions: readonly Suggestion[], labels: readonly string[]): ImageList {
  const builder = new ImageListBuilder();
  const prediction = new ChoiceBuilder({ id: 'prediction' }, labels);
  const probability = new NumberBuilder({ id: 'probability' }, 'percent');
  for (const { path, label, confidence } of suggestions) {
    const row = builder.add(path);
    if (label === null) continue;
    prediction.set(row, label);
    probability.set(row, confidence);
  }
  return builder.list([noLabel(), prediction, probability]);
}
