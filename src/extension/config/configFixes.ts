/** Quick fixes of the faults in a config, also of those that the editor's JSON support has underlined itself. */
import * as vscode from 'vscode';
import type { ConfigChecks } from './configChecks.js';
import { problemsOf } from './configProblems.js';
import type { Measured } from './measured.js';
import { workspaceEditOf } from './setInConfig.js';

export class ConfigFixes implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix];

  constructor(
    private readonly checks: ConfigChecks,
    private readonly measured: Measured,
  ) {}

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const here = problemsOf(document, this.checks, this.measured).filter(
      ({ diagnostic }) => diagnostic.range.intersection(range) !== undefined,
    );
    return here.flatMap(({ diagnostic, fixes }) =>
      fixes.map(({ title, edits }, i) => {
        const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
        action.edit = workspaceEditOf(document, edits);
        action.diagnostics = diagnostics.filter((each) => each.range.intersection(diagnostic.range) !== undefined);
        action.isPreferred = i === 0;
        return action;
      }),
    );
  }
}
