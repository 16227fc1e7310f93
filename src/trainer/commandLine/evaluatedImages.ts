/** What commands that evaluate are asked for: which images of which dataset. */
import * as l10n from '@vscode/l10n';
import { errors } from '../errors/errors.js';
import type { EvaluatedImages } from '../inference/runSplits.js';
import { provideDataset } from '../models/hubSources.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { usageOf } from './help.js';
import { downloadStatus, type Output } from './output.js';

export interface Evaluated {
  /** Undefined: that of the run. */
  dataset: string | undefined;
  images: EvaluatedImages;
  cacheFolder: string;
  signal: AbortSignal;
}

/** Downloads a dataset of the hub. Throws a usage error for options that say too little, or exclude each other. */
export async function evaluatedImages(
  command: 'evaluate' | 'diff',
  { dataset, split, all }: Pick<Arguments<'evaluate'>, 'dataset' | 'split' | 'all'>,
  output: Output,
  signal: AbortSignal,
): Promise<Evaluated> {
  if (dataset === undefined && split === undefined)
    throw errors.usage(l10n.t('The option --{0} is missing.', 'dataset'), usageOf(command));
  if (all && split !== undefined)
    throw errors.usage(l10n.t('--{0} and --{1} exclude each other.', 'all', 'split'), usageOf(command));
  const onProgress = (done: number, total: number) => output.status(downloadStatus(done, total));
  return {
    dataset: dataset === undefined ? undefined : (await provideDataset(dataset, { signal, onProgress })).folder,
    images: split ?? (all ? 'all' : 'heldOut'),
    cacheFolder: cacheFolder(),
    signal,
  };
}
