/** The one place that talks to the extension host: says `ready`, sets the language, hands messages to the view. */
import * as l10n from '@vscode/l10n';
import { Formats } from '../shared/formats.js';
import type { FromAnyView, Init } from './protocol.js';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** What a view may do with the world outside; `Kept` is presentation that survives a reload of the view. */
export interface Host<ToHost, Kept = undefined> {
  post(message: ToHost | FromAnyView): void;
  kept(): Kept | undefined;
  keep(state: Kept): void;
  formats: Formats;
}

/**
 * Runs a view: `create` renders the whole state into `root` and returns the handler of later messages. Another `init`
 * (the host was restarted) renders again.
 */
export function openView<State, Later extends { type: string }, ToHost, Kept = undefined>(
  create: (root: HTMLElement, state: State, host: Host<ToHost, Kept>) => (message: Later) => void,
): void {
  const api = acquireVsCodeApi();
  const root = document.getElementById('view');
  if (!root) throw new Error('The page has no element with the id "view"');
  let receive: ((message: Later) => void) | undefined;

  window.addEventListener('message', (event: MessageEvent<Init<State> | Later>) => {
    const message = event.data;
    if (message.type !== 'init') {
      receive?.(message as Later);
      return;
    }
    const init = message as Init<State>;
    if (init.bundle) l10n.config({ contents: init.bundle });
    root.replaceChildren();
    receive = create(root, init.state, {
      post: (toHost) => api.postMessage(toHost),
      kept: () => api.getState() as Kept | undefined,
      keep: (kept) => api.setState(kept),
      formats: new Formats(init.language),
    });
    document.body.dataset.ready = '';
  });
  api.postMessage({ type: 'ready' } satisfies FromAnyView);
}
