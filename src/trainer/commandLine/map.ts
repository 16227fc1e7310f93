/** `vitune map`: all images of a dataset as points in the plane, alike ones near each other. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { ImageList } from '../../shared/imageList.js';
import { writeImageList } from '../data/datasetList.js';
import { mapDataset } from '../insight/datasetMap.js';
import type { CommandOutputs, MapPoint } from '../protocol.js';
import type { Arguments } from './commands.js';
import { auditWatching } from './auditProgress.js';
import type { Output } from './output.js';
import { datasetOf, modelReference, openNamedModel, openSubject } from './subject.js';

export async function map(
  { operands, model: named = 'embedded', list: file }: Arguments<'map'>,
  output: Output<CommandOutputs['map']>,
  signal: AbortSignal,
): Promise<void> {
  const [given] = operands as [string];
  const subject = await openSubject(given, output, signal);
  const model = await openNamedModel(await modelReference(named), output, signal);
  const watching = auditWatching(output, signal);
  const { list, isKept } = await mapDataset(await datasetOf(subject, watching), { model, ...watching });
  if (file === undefined) print(list, output);
  else await writeImageList(resolve(file), list);
  output.json({ type: 'map', images: list.length, isKept });
  if (file !== undefined) output.line(l10n.t('Images: {0}', list.length));
}

function print(list: ImageList, output: Output<CommandOutputs['map']>): void {
  for (let row = 0; row < list.length; row++) {
    const point = pointOf(list, row);
    output.json(point);
    const { x, y, label, path } = point;
    output.line([x.toFixed(3), y.toFixed(3), label ?? '', path].join('\t'));
  }
}

function pointOf(list: ImageList, row: number): MapPoint {
  const task = list.choice('prediction')?.task;
  const number = (id: string) => list.number(id, task)?.data[row];
  const word = (id: string) => {
    const column = list.choice(id, task);
    return column?.values[column.data[row]! - 1];
  };
  const [x, y, label, prediction, probability] = [
    number('x')!,
    number('y')!,
    word('label'),
    word('prediction'),
    number('probability'),
  ];
  return {
    type: 'point',
    path: list.pathAt(row),
    x,
    y,
    split: word('split') as MapPoint['split'],
    ...(label !== undefined && { label }),
    ...(prediction !== undefined && { prediction, probability: probability! }),
    ...(word('finding') !== undefined && { finding: word('finding') as MapPoint['finding'] }),
  };
}
