/** How far an audit or a map is, in words. */
import * as vscode from 'vscode';
import type { AuditProgress } from '../../trainer/protocol.js';
import type { Report } from '../progress.js';
import { count } from '../runs/count.js';

const { t } = vscode.l10n;

const phases: Record<AuditProgress['phase'], () => string> = {
  look: () => t('Reading images'),
  features: () => t('Computing features'),
  compare: () => t('Comparing images'),
  place: () => t('Placing images'),
};

export const reportAudit = ({ phase, done, total }: AuditProgress, report: Report): void =>
  report(`${phases[phase]()}: ${count(done)} / ${count(total)}`);
