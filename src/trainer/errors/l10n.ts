/** `t` for errors: words that keep their English message and arguments, so that a log is read in any language. */
import { t as translate } from '@vscode/l10n';
import { wordsOf, type Said, type SaidArgument } from '../../shared/said.js';

export class Words implements Said {
  constructor(
    readonly text: string,
    readonly args: SaidArgument[],
  ) {}

  /** In the language of this process. */
  toString(): string {
    return wordsOf(this, translate);
  }
}

/** Words that need no translation: a name, or what another program said. */
export const asIs = (words: string): Words => new Words('{0}', [words]);

export const t = (text: string, ...args: SaidArgument[]): Words => new Words(text, args);
