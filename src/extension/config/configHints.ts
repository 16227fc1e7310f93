/** Inlay hints of a config: its images and steps by the names of files, time and memory where they were measured. */
import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { ConfigCheck } from '../../trainer/protocol.js';
import { formats } from '../formats.js';
import { isConfigDocument, type ConfigChecks } from './configChecks.js';
import type { Measured } from './measured.js';
import { estimateWords } from './measuredWords.js';

const { t } = vscode.l10n;

export class ConfigHints implements vscode.InlayHintsProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  readonly onDidChangeInlayHints = this.#changed.event;

  constructor(
    private readonly checks: ConfigChecks,
    private readonly measured: Measured,
  ) {
    this.#subscriptions = [
      this.#changed,
      checks.onChange(() => this.#changed.fire()),
      measured.onChange(() => this.#changed.fire()),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    const check = isConfigDocument(document) ? this.checks.of(document) : undefined;
    const text = document.getText();
    const root = parseTree(text, [], { allowTrailingComma: true });
    if (!check || !root) return [];
    const hints = this.#words(check).flatMap(({ keys, words, tooltip }) => {
      const node = keys.map((key) => findNodeAtLocation(root, [key])).find((each) => each !== undefined);
      return node ? [hintAt(document, text, node, words, tooltip)] : [];
    });
    return hints.filter(({ position }) => range.contains(position));
  }

  /** Each hint is shown at the first of its keys that the config has. */
  #words({ dataset, plan, training }: ConfigCheck): { keys: string[]; words: string; tooltip: string }[] {
    const estimate = this.measured.estimateOf(training);
    const integer = (value: number) => formats().integer(value);
    const byNames = t('By the names of the files; damaged images are left out later.');
    const measuredWords =
      estimate && `${estimateWords(estimate)}. ${t('Measured on this machine with these settings.')}`;
    const steps = plan?.steps ?? estimate?.steps;
    const time = estimate?.seconds == null ? '' : ` · ${formats().duration(estimate.seconds)}`;
    return [
      ...(dataset
        ? [
            {
              keys: ['dataset'],
              words: t('{0} + {1} images', integer(dataset.images.train), integer(dataset.images.validation)),
              tooltip: `${imagesWords(dataset.images)}. ${byNames}`,
            },
          ]
        : []),
      ...(steps
        ? [
            {
              keys: ['maxSteps', 'epochs', 'method', 'dataset'],
              words: t('{0} steps', integer(steps)) + time,
              tooltip: measuredWords ?? `${byNames} ${t('“Estimate”, above the file, measures time and memory.')}`,
            },
          ]
        : []),
      ...(estimate
        ? [
            {
              keys: ['batchSize', 'epochs', 'method', 'dataset'],
              words: t('{0} of memory', formats().bytes(estimate.memoryBytes)),
              tooltip: measuredWords!,
            },
          ]
        : []),
    ];
  }
}

const imagesWords = ({ train, validation }: { train: number; validation: number }): string =>
  t('{0} to train on, {1} to validate on', formats().integer(train), formats().integer(validation));

/** After the value, and after its comma where it has one. */
function hintAt(
  document: vscode.TextDocument,
  text: string,
  { offset, length }: Node,
  words: string,
  tooltip: string,
): vscode.InlayHint {
  const end = offset + length;
  const comma = /^[ \t]*,/.exec(text.slice(end))?.[0].length ?? 0;
  const hint = new vscode.InlayHint(document.positionAt(end + comma), words);
  hint.paddingLeft = true;
  hint.tooltip = tooltip;
  return hint;
}
