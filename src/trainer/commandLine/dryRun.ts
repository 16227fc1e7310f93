/** `vitune train --dry-run`: what the training will take, and whether it fits, without a run. */
import * as l10n from '@vscode/l10n';
import type { CommandOutputs, Estimate, EstimateProgress } from '../protocol.js';
import { estimateApart } from '../training/estimateApart.js';
import { bar, downloadStatus, table, type Output } from './output.js';

/** @throws UserError as the training itself would before its first step. */
export async function dryRun(
  config: string,
  overrides: readonly string[],
  output: Output<CommandOutputs['train']>,
  signal: AbortSignal,
): Promise<void> {
  const estimate = await estimateApart(config, overrides, {
    signal,
    onProgress(progress) {
      output.json(progress);
      output.status(statusOf(progress));
    },
    onNotice: (notice) => output.problem(notice),
  });
  output.json({ type: 'estimate', ...estimate });
  for (const line of estimateLines(estimate)) output.line(line);
}

export function statusOf({ phase, done, total }: EstimateProgress): string {
  if (phase === 'download') return downloadStatus(done, total);
  return `${bar(done / Math.max(1, total))} ${l10n.t('Measuring a trial of the training')} ${done}/${total}`;
}

export function estimateLines(estimate: Estimate): string[] {
  const { seconds, firstMetricSeconds, short, settings, steps, batchSize, images, newImages } = estimate;
  const { memoryBytes, freeMemoryBytes, diskBytes, freeDiskBytes } = estimate;
  const unknown = l10n.t('unknown: a trial does not fit');
  const of = (bytes: number, free: number): string =>
    l10n.t('{0} MB of {1} MB free', megabytes(bytes), megabytes(free));
  const rows = [
    [l10n.t('Time to the end'), seconds === null ? unknown : duration(seconds)],
    [l10n.t('Time to the first metric'), firstMetricSeconds === null ? unknown : duration(firstMetricSeconds)],
    [l10n.t('Memory'), of(memoryBytes, freeMemoryBytes)],
    [l10n.t('Disk'), of(diskBytes, freeDiskBytes)],
    [l10n.t('Steps'), l10n.t('{0} of {1} images', steps, batchSize)],
    [l10n.t('Training images'), l10n.t('{0}; {1} images of all splits are new', images, newImages)],
  ];
  return [table(rows), ...shortLines(short, settings)];
}

/** What does not fit, and what would. */
function shortLines(short: Estimate['short'], settings: readonly string[]): string[] {
  const words = {
    memory: l10n.t('It will not fit into the memory.'),
    disk: l10n.t('It will not fit on the disk.'),
  };
  if (!short.length) return [];
  const remedy = settings.length
    ? l10n.t('This would fit: {0}', settings.map((each) => `--set ${each.replaceAll(' ', ' --set ')}`).join('; '))
    : l10n.t('Close other programs, free some disk, or choose a smaller model.');
  return [...short.map((each) => words[each]), remedy];
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** `1 h 5 min`, `3 min 20 s` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours) return l10n.t('{0} h {1} min', hours, minutes);
  return minutes ? l10n.t('{0} min {1} s', minutes, whole % 60) : l10n.t('{0} s', whole);
}
