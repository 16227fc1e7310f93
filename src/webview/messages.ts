/** The messages that every view exchanges with the host. Types only; `protocol.ts` is the door. */

/** The host's response to every `ready`. */
export interface Init<State> {
  type: 'init';
  /** BCP 47 tag for numbers and plurals: `vscode.env.language`. */
  language: string;
  /** `vscode.l10n.bundle`. */
  bundle?: Record<string, string>;
  state: State;
}

/**
 * Later changes: the keys given replace those of the state, whole; keys not given stay. `null` is a value, `undefined`
 * is "not given".
 */
export interface Patch<State> {
  type: 'patch';
  state: Partial<State>;
}

/** Messages from any view to the host. */
export type FromAnyView =
  | { type: 'ready' }
  /** Open the file an error names, at its place (both count from 1). */
  | { type: 'openPlace'; file: string; line?: number; column?: number }
  /** Open the output channel with the log. */
  | { type: 'openLog' };
