/** `vitune inspect`: what is in a dataset or model, and what is wrong with it. */
import { constants, setPriority } from 'node:os';
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isConfigName } from '../../shared/configNames.js';
import { loadConfig } from '../config/load.js';
import { drawOf } from '../config/schema.js';
import { errors } from '../errors/errors.js';
import { inspectDataset } from '../data/inspect.js';
import type { ColumnUse, CommandOutputs } from '../protocol.js';
import { cacheFolder, checkedFolder } from '../runs/cacheFolder.js';
import { provideDataset } from '../models/hubSources.js';
import type { Arguments } from './commands.js';
import { bar, downloadStatus, formatError, table, type Output } from './output.js';

const uses: Record<ColumnUse, () => string> = {
  image: () => l10n.t('images'),
  split: () => l10n.t('split'),
  label: () => l10n.t('labels'),
  unused: () => '–',
};

export async function inspect(
  { operands, background }: Arguments<'inspect'>,
  output: Output<CommandOutputs['inspect']>,
  signal: AbortSignal,
): Promise<void> {
  const [given] = operands as [string];
  if (/\.onnx$/i.test(given)) {
    const { inspectOnnx } = await import('../models/onnxModel.js');
    const network = await inspectOnnx(resolve(given));
    output.json(network);
    output.line(l10n.t('Features are the tensor {0}.', network.found));
    output.line(
      l10n.t(
        'To use another one, name it in "featureOutput". The outputs and last tensors are: {0}.',
        network.tensors.join(', '),
      ),
    );
    return;
  }
  const { isForeignModel } = await import('../models/openModel.js');
  if (given === 'embedded' || (await isForeignModel(resolve(given)))) {
    const { inspectModel } = await import('../models/inspectModel.js');
    const model = await inspectModel(given === 'embedded' ? given : resolve(given));
    output.json(model);
    output.line(l10n.t('A model of the family {0} with {1} blocks.', model.family, model.blocks));
    output.line(l10n.t('Layers that LoRA can adapt (targetModules): {0}', model.layers.join(', ')));
    return;
  }
  // A config says more of its dataset than a path can: which columns of a label file are meant, and how the split is
  // drawn.
  const loaded = isConfigName(given) ? await loadConfig(given) : undefined;
  const config = loaded?.config;
  const spec = config?.dataset ?? given;
  const onDownload = (done: number, total: number): void => output.status(downloadStatus(done, total));
  const dataset =
    typeof spec === 'string' ? (await provideDataset(spec, { signal, onProgress: onDownload })).folder : spec;
  const found = await inspectDataset(dataset, {
    signal,
    memory: checkedFolder(cacheFolder()),
    onFound: background
      ? (found) => {
          output.json({ type: 'found', ...found });
          // Somebody waits for the classes, but not for the check of each file.
          setPriority(constants.priority.PRIORITY_LOW);
        }
      : undefined,
    onProgress(done, total) {
      if (background) output.json({ type: 'progress', phase: 'inspect', done, total });
      output.status(`${bar(done / total)} ${done}/${total}`);
    },
    ...(config && drawOf(config)),
  });
  // Groups may need the features of a network, which is too long to wait for here.
  const ungrouped = config?.split && found.splits === 'seeded';
  const notice = ungrouped ? [errors.groupsNotInspected(loaded!.placeOf('split')).toInfo()] : [];
  const inspection = { ...found, problems: [...notice, ...found.problems] };
  output.json({ type: 'dataset', ...inspection });
  const { columns, tasks, counts } = inspection;
  if (columns) {
    const header = [l10n.t('column'), l10n.t('use'), l10n.t('different values'), l10n.t('empty')];
    output.line(
      `${table([header, ...columns.map(({ name, use, values, empty }) => [name, uses[use](), String(values), String(empty)])])}\n`,
    );
  }
  for (const { name, counts: own } of tasks ?? [{ name: l10n.t('class'), counts }]) {
    const header = [name, l10n.t('train'), l10n.t('validation'), l10n.t('test')];
    output.line(
      table([
        header,
        ...own.map(({ label, train, validation, test }) => [label, String(train), String(validation), String(test)]),
      ]),
    );
  }
  if (inspection.splits === 'seeded') output.line(l10n.t('The validation split is drawn from the seed.'));
  else
    output.line(columns ? l10n.t('The splits are those of the label file.') : l10n.t('The splits are your folders.'));
  if (inspection.problems.length)
    output.line(
      `\n${l10n.t('Problems: {0}', inspection.problems.length)}\n${inspection.problems.map(formatError).join('\n')}`,
    );
}
