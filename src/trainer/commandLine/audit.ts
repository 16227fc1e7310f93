/** `vitune audit`: what is probably wrong with a dataset, by the features of a network. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { loadConfig, type LoadedConfig } from '../config/load.js';
import type { Dataset, DatasetSpec } from '../data/dataset.js';
import { scanDataset } from '../data/scan.js';
import { auditDataset, type AuditOptions } from '../insight/audit.js';
import { openFeatureModel } from '../insight/featureModel.js';
import { groupColumnOf, splitByGroups } from '../insight/splitGroups.js';
import { provideDataset, provideModel } from '../models/hubSources.js';
import type { AuditProgress, CommandOutputs, FindingKind } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { auditLines } from './auditLines.js';
import { bar, downloadStatus, type Output } from './output.js';

/** Of a dataset without a config: as every config has it where it does not say. */
const usual = { validationSplit: 0.2, seed: 42 };

const phases: Record<AuditProgress['phase'], () => string> = {
  look: () => l10n.t('Reading images'),
  features: () => l10n.t('Computing features'),
  compare: () => l10n.t('Comparing images'),
};

export async function audit(
  { operands, model: named = 'embedded' }: Arguments<'audit'>,
  output: Output<CommandOutputs['audit']>,
  signal: AbortSignal,
): Promise<void> {
  const [given] = operands as [string];
  const loaded = given.endsWith('.vitune.json') ? await loadConfig(given) : undefined;
  const spec = loaded?.config.dataset ?? given;
  const download = {
    signal,
    onProgress: (done: number, total: number): void => output.status(downloadStatus(done, total)),
  };
  const folder = typeof spec === 'string' ? (await provideDataset(spec, download)).folder : spec;
  const revision = await provideModel(named, undefined, download);
  const model = await openFeatureModel(
    named === 'embedded' || revision !== undefined ? named : resolve(named),
    revision,
  );
  model.notices.forEach((notice) => output.problem(notice.toInfo()));
  let reported = 0;
  const watching: Omit<AuditOptions, 'model'> = {
    cacheFolder: cacheFolder(),
    signal,
    onProgress(phase, done, total) {
      output.status(`${bar(done / Math.max(1, total))} ${phases[phase]()} ${done}/${total}`);
      if (done < total && performance.now() - reported < 100) return;
      reported = performance.now();
      output.json({ type: 'progress', phase, done, total });
    },
    onNotice: (notice) => output.problem(notice),
  };
  const dataset = await datasetOf(folder, loaded, watching);
  const { images, findings, curve, accuracy, honestAccuracy } = await auditDataset(dataset, { model, ...watching });
  const counts: Partial<Record<FindingKind, number>> = {};
  for (const finding of findings) {
    output.json(finding);
    counts[finding.kind] = (counts[finding.kind] ?? 0) + 1;
  }
  if (curve) output.json(curve);
  output.json({ type: 'audit', images, findings: counts, accuracy, honestAccuracy });
  const lines = auditLines({ root: dataset.root, images, findings, curve, accuracy, honestAccuracy });
  for (const line of lines) output.line(line);
}

/** The dataset with the split that a training has by this config. */
async function datasetOf(
  spec: DatasetSpec,
  loaded: LoadedConfig | undefined,
  watching: Omit<AuditOptions, 'model'>,
): Promise<Dataset> {
  const { validationSplit, seed } = loaded?.config ?? usual;
  const split = loaded?.config.split;
  const { signal } = watching;
  if (!split) return scanDataset(spec, { validationSplit, seed, signal });
  const whole = await scanDataset(spec, {
    validationSplit: 0,
    seed,
    signal,
    groupColumn: groupColumnOf(split.groupBy),
  });
  return splitByGroups(whole, {
    ...split,
    ...watching,
    validationSplit,
    seed,
    place: loaded!.placeOf('split.groupBy'),
  });
}
