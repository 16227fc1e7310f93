/** What gives a text in the user's language. */

/** `@vscode/l10n` and `vscode.l10n` are such. */
export interface Localiser {
  t(message: string): string;
}
