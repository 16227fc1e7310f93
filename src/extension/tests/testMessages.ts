/** What the Test Explorer says of a failed test: words in which names are text, and links to the images. */
import * as vscode from 'vscode';
import type { TestResult } from '../../trainer/protocol.js';

const { t } = vscode.l10n;

/** More images than these are not listed. */
const mostLinks = 20;

/** A text that is nothing but text in markdown. */
const plain = (text: string): string => new vscode.MarkdownString().appendText(text).value;

/** The first line, then the images with what is said of each. */
export function failureOf({ message, images }: TestResult): vscode.TestMessage {
  const [first, ...lines] = message.split('\n');
  const words = new vscode.MarkdownString().appendText(first!);
  const shown = images.slice(0, mostLinks);
  if (shown.length) words.appendMarkdown('\n\n');
  for (const path of shown) {
    const said = lines.find((line) => line.startsWith(`${path}: `))?.slice(path.length) ?? '';
    const uri = vscode.Uri.file(path);
    words.appendMarkdown(`- [${plain(vscode.workspace.asRelativePath(uri))}](${uri.toString()})${plain(said)}\n`);
  }
  if (images.length > shown.length)
    words.appendMarkdown(`\n${plain(t('and {0} more images', images.length - shown.length))}`);
  return new vscode.TestMessage(words);
}

/** For the terminal of the results, which would obey control characters in a name. */
export const outputOfResult = ({ name, passed, message }: TestResult): string =>
  `${passed ? '✓' : '✗'} ${name}: ${message}\n`.replace(/[^\P{Cc}\n]/gu, '\ufffd').replaceAll('\n', '\r\n');
