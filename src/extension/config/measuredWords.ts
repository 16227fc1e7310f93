/** Words for what was measured: an estimate, advice. */
import * as vscode from 'vscode';
import type { Advice, Estimate } from '../../trainer/protocol.js';
import { formats } from '../formats.js';

const { t } = vscode.l10n;

export function estimateWords({ seconds, firstMetricSeconds, memoryBytes, diskBytes }: Estimate): string {
  const bytes = (value: number) => formats().bytes(value);
  return seconds === null || firstMetricSeconds === null
    ? t('Memory {0}, disk {1}', bytes(memoryBytes), bytes(diskBytes))
    : t(
        'About {0}, first result after {1}; memory {2}, disk {3}',
        formats().duration(seconds),
        formats().duration(firstMetricSeconds),
        bytes(memoryBytes),
        bytes(diskBytes),
      );
}

/** What there is too little of; undefined where it fits. */
export function shortWords({ short, memoryBytes, freeMemoryBytes, diskBytes, freeDiskBytes }: Estimate) {
  const [needed, free] = (short.includes('memory') ? [memoryBytes, freeMemoryBytes] : [diskBytes, freeDiskBytes]).map(
    (value) => formats().bytes(value),
  ) as [string, string];
  if (short.includes('memory'))
    return t('It will not fit into the memory: it takes {0}, and {1} are free.', needed, free);
  return short.length ? t('It will not fit on the disk: it takes {0}, and {1} are free.', needed, free) : undefined;
}

export function adviceWords({ model, method, expectedAccuracy, interval: [low, high] }: Advice): string {
  const percent = (share: number) => formats().percent(share);
  return t(
    'Advice: {0} on {1}; expected accuracy {2} ({3} to {4})',
    method,
    model,
    percent(expectedAccuracy),
    percent(low),
    percent(high),
  );
}
