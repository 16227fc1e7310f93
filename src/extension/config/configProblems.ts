/** The faults of a config, of its check and of an estimate, each with its range in the document and its fixes. */
import { findNodeAtLocation, findNodeAtOffset, parseTree } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { ConfigCheck, ConfigFix, Estimate } from '../../trainer/protocol.js';
import type { ConfigChecks } from './configChecks.js';
import { editsOf } from './configEdits.js';
import type { Measured } from './measured.js';
import { shortWords } from './measuredWords.js';

const { t } = vscode.l10n;

export interface PlacedProblem {
  diagnostic: vscode.Diagnostic;
  fixes: ConfigFix[];
}

export function diagnosticOf(
  range: vscode.Range,
  message: string,
  code: string,
  severity = vscode.DiagnosticSeverity.Error,
): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, message, severity);
  diagnostic.source = 'ViTune';
  diagnostic.code = code;
  return diagnostic;
}

/** None where the text has changed since it was checked: the places would be wrong. */
export function problemsOf(document: vscode.TextDocument, checks: ConfigChecks, measured: Measured): PlacedProblem[] {
  const check = checks.current(document);
  if (!check) return [];
  const estimate = measured.estimateOf(check.training);
  return [
    ...check.problems.map((problem) => placed(document, problem)),
    ...(estimate ? tooLarge(document, estimate) : []),
  ];
}

function placed(
  document: vscode.TextDocument,
  { line, column, message, remedy, code, fixes, isWarning }: ConfigCheck['problems'][number],
): PlacedProblem {
  const range = line === undefined ? new vscode.Range(0, 0, 0, 1) : rangeAt(document, line - 1, (column ?? 1) - 1);
  const { Error, Warning } = vscode.DiagnosticSeverity;
  return { diagnostic: diagnosticOf(range, `${message} ${remedy}`, code, isWarning ? Warning : Error), fixes };
}

/** The key or value that begins there; of an object or list its bracket. */
export function rangeAt(document: vscode.TextDocument, line: number, character: number): vscode.Range {
  const start = new vscode.Position(line, character);
  const offset = document.offsetAt(start);
  const root = parseTree(document.getText(), [], { allowTrailingComma: true });
  const node = root && findNodeAtOffset(root, offset);
  const isWhole = node?.offset === offset && !node.children;
  if (isWhole) return new vscode.Range(start, document.positionAt(offset + node.length));
  return document.getWordRangeAtPosition(start) ?? new vscode.Range(start, start.translate(0, 1));
}

/** An estimate that does not fit is said at the batch, which mends it most often. */
function tooLarge(document: vscode.TextDocument, estimate: Estimate): PlacedProblem[] {
  const words = shortWords(estimate);
  if (words === undefined) return [];
  const root = parseTree(document.getText(), [], { allowTrailingComma: true });
  const node = root && (findNodeAtLocation(root, ['batchSize']) ?? findNodeAtLocation(root, ['dataset']));
  const range = node ? rangeOf(document, node) : new vscode.Range(0, 0, 0, 1);
  const remedy = estimate.settings.length
    ? t('This would fit: {0}', estimate.settings.join('; '))
    : t('Close other programs, free some disk, or choose a smaller model.');
  const diagnostic = diagnosticOf(range, `${words} ${remedy}`, 'ESTIMATE_SHORT', vscode.DiagnosticSeverity.Warning);
  return [{ diagnostic, fixes: estimate.settings.map(fixOf) }];
}

export const rangeOf = (document: vscode.TextDocument, { offset, length }: { offset: number; length: number }) =>
  new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));

const fixOf = (setting: string): ConfigFix => ({ title: t('Use {0}', setting), edits: editsOf(setting) });
