/** What is found wrong with a run as a row: a sentence, a remedy, and a button that edits the config. */
import * as l10n from '@vscode/l10n';
import type { Diagnosis } from '../../shared/diagnoses.js';
import { diagnosisWords } from '../../shared/diagnosisWords.js';
import type { Host } from '../host.js';
import { messageBox } from '../message.js';
import type { FromDashboard } from '../protocol.js';

export function diagnosisBox(
  diagnosis: Diagnosis,
  { formats, post }: Pick<Host<FromDashboard, never>, 'formats' | 'post'>,
) {
  const { code } = diagnosis;
  const { message, remedy, button } = diagnosisWords(diagnosis, {
    t: l10n.t,
    percent: (share) => formats.percent(share),
    figure: (value) => formats.figure(value),
    integer: (value) => formats.integer(value),
  });
  const actions = button === undefined ? [] : [{ label: button, run: () => post({ type: 'applyFix', code }) }];
  const box = messageBox({ kind: 'warning', message, remedy, actions });
  box.dataset.code = code;
  return box;
}
