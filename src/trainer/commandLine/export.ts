/** `vitune export`: a checkpoint as others read it, compared with the original before it is kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { precisionNames, type Precision } from '../../shared/precisions.js';
import { coverageWords } from '../../shared/coverage.js';
import { errors } from '../errors/errors.js';
import { changedList } from '../export/changedList.js';
import { exportModel, type ExportOptions } from '../export/exportModel.js';
import { writeImageList } from '../data/datasetList.js';
import type { CommandOutputs, Exported, ExportStage } from '../protocol.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import { sampleFor } from '../inference/sample.js';
import type { Arguments } from './commands.js';
import { usageOf } from './help.js';
import { bar, percent, table, type Output } from './output.js';

const stages: Record<ExportStage, () => string> = {
  open: () => l10n.t('Opening the checkpoint'),
  narrow: () => l10n.t('Choosing which layers can be narrow'),
  write: () => l10n.t('Writing the export'),
  compare: () => l10n.t('Comparing its predictions in a fresh process'),
  measure: () => l10n.t('Measuring it on labelled images'),
};

type ExportOutput = Output<CommandOutputs['export']>;

export async function exportCheckpoint(
  o: Arguments<'export'>,
  output: ExportOutput,
  signal: AbortSignal,
): Promise<void> {
  const { checkpoint, dataset, ladder, format, output: target, precision, list } = o;
  const refuse = (message: string): never => {
    throw errors.usage(message, usageOf('export'));
  };
  const excluded = ladder
    ? (['format', 'precision', 'list'] as const).find((name) => o[name] !== undefined)
    : undefined;
  if (excluded) refuse(l10n.t('--{0} and --{1} exclude each other.', 'ladder', excluded));
  if (!ladder && format === undefined) refuse(l10n.t('The option --{0} is missing.', 'format'));
  if (!ladder && !target) refuse(l10n.t('The option --{0} is missing.', 'output'));
  const needing = (['max-loss', 'list'] as const).find((name) => o[name] !== undefined);
  if (needing && !ladder && precision === undefined) refuse(l10n.t('--{0} needs --{1}.', needing, 'precision'));
  const folder = await resolveCheckpoint(checkpoint);
  const options: Omit<ExportOptions, 'format' | 'output'> = {
    checkpoint: folder,
    dataset,
    maxLoss: o['max-loss'],
    images: await sampleFor(folder, dataset?.endsWith('.csv') ? dirname(dataset) : dataset, signal),
    signal,
    onNotice: (notice) => output.problem(notice.toInfo()),
    onProblem: (info) => output.problem(info),
  };
  if (ladder) return climb(options, target, output);
  const exported = await exportModel({
    ...options,
    format: format!,
    precision,
    output: target!,
    onProgress: progressTo(output, precision !== undefined),
    onChanged: async (changed) => {
      if (list !== undefined) await writeImageList(resolve(list), changedList(changed));
    },
  });
  output.json({ type: 'exported', ...exported });
  const { pictures, largestDifference, tolerance } = exported.parity;
  output.line(l10n.t('Exported to {0}: {1}', exported.folder, exported.files.join(', ')));
  output.line(
    precision === undefined || precision === 'fp32'
      ? l10n.t(
          'Checked in a fresh process: equal predictions for {0} images; probabilities differ by at most {1}.',
          pictures,
          largestDifference.toExponential(1),
        )
      : l10n.t(
          'Checked in a fresh process on {0} images: probabilities differ by at most {1}, where {2} is allowed.',
          pictures,
          largestDifference.toPrecision(2),
          tolerance,
        ),
  );
  if (precision !== undefined) show([exported], output);
}

/** Exports every precision in turn, each into a folder of its own below `target`, or one that is removed again. */
async function climb(
  options: Omit<ExportOptions, 'format' | 'output'>,
  target: string | undefined,
  output: ExportOutput,
): Promise<void> {
  const rungs: Exported[] = [];
  const climbIn = async (folder: string): Promise<void> => {
    for (const [i, precision] of precisionNames.entries()) {
      const exported = await exportModel({
        ...options,
        format: 'onnx',
        precision,
        output: join(folder, precision),
        onProgress: progressTo(output, true, { precision, done: i, of: precisionNames.length }),
      });
      rungs.push(exported);
      output.json({ type: 'exported', ...exported });
    }
  };
  if (target !== undefined) await climbIn(target);
  else {
    const scratch = await mkdtemp(join(tmpdir(), 'vitune-ladder-'));
    await climbIn(scratch).finally(() => rm(scratch, { recursive: true, force: true }));
  }
  show(rungs, output);
}

function progressTo(
  output: ExportOutput,
  isMeasured: boolean,
  rung: { precision?: Precision; done: number; of: number } = { done: 0, of: 1 },
): (stage: ExportStage, share: number) => void {
  const names = (Object.keys(stages) as ExportStage[]).filter(
    (stage) => isMeasured || (stage !== 'narrow' && stage !== 'measure'),
  );
  return (stage, share) => {
    const done = rung.done * names.length + names.indexOf(stage) + share;
    const total = rung.of * names.length;
    output.json({ type: 'progress', stage, done, total });
    output.status(`${bar(done / total)} ${[rung.precision, stages[stage]()].filter(Boolean).join(': ')}`);
  };
}

/** The figures of measured exports as a table, and which images they are about. */
function show(rungs: readonly Exported[], output: ExportOutput): void {
  const header = [
    l10n.t('stored in'),
    l10n.t('size (MB)'),
    l10n.t('ms per image'),
    l10n.t('speed of fp32'),
    l10n.t('accuracy'),
    l10n.t('calibration error'),
    l10n.t('changed images'),
    l10n.t('layers kept wider'),
  ];
  const rows = rungs.map((rung) => [
    rung.precision!,
    (rung.bytes / 1e6).toFixed(2),
    rung.millisecondsPerImage!.toFixed(1),
    `${(rung.fp32!.millisecondsPerImage / rung.millisecondsPerImage!).toFixed(2)} ×`,
    `${percent(rung.accuracy!)} (${rung.interval!.map((each) => (100 * each).toFixed(0)).join('–')})`,
    percent(rung.ece!),
    `${rung.changed} / ${rung.images}`,
    `${rung.wider!.length} / ${rung.layers}`,
  ]);
  output.line(`\n${table([header, ...rows])}\n`);
  for (const line of coverageWords(rungs[0]!.coverage!, l10n.t)) output.line(line);
}
