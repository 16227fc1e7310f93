/** Texts for the status of a run, shared by the views that show one. */
import * as l10n from '@vscode/l10n';
import type { Phase } from '../trainer/protocol.js';
import type { RunStatus } from './protocol.js';

/** A trainer is at work on it. */
export function isLive(status: RunStatus): boolean {
  return status === 'starting' || status === 'running' || status === 'stopping';
}

export function statusText(status: RunStatus): string {
  const words: Record<RunStatus, string> = {
    starting: l10n.t('Starting'),
    running: l10n.t('Running'),
    stopping: l10n.t('Stopping'),
    stopped: l10n.t('Stopped'),
    finished: l10n.t('Finished'),
    failed: l10n.t('Failed'),
    interrupted: l10n.t('Interrupted'),
    damaged: l10n.t('Damaged'),
  };
  return words[status];
}

export function activityText(phase: Phase): string {
  const words: Record<Phase, string> = {
    download: l10n.t('Downloading from the hub…'),
    decode: l10n.t('Reading images…'),
    features: l10n.t('Computing features…'),
    compile: l10n.t('Compiling the training step…'),
    solve: l10n.t('Solving for the classifier…'),
    evaluate: l10n.t('Evaluating…'),
  };
  return words[phase];
}
