/** Errors, warnings and remarks as a box: what is wrong, what to do about it, and where. */
import * as l10n from '@vscode/l10n';
import type { ErrorInfo } from '../trainer/protocol.js';
import { button, iconButton, textButton } from './controls.js';
import { h, icon } from './element.js';
import type { FromAnyView } from './protocol.js';

export interface MessageAction {
  label: string;
  run: () => void;
}

export function messageBox(o: {
  kind: 'error' | 'warning' | 'info';
  message: string;
  remedy?: string;
  place?: HTMLElement;
  actions?: MessageAction[];
  onClose?: () => void;
}): HTMLElement {
  return h(
    'section',
    { class: `message message-${o.kind}`, role: o.kind === 'error' ? 'alert' : 'status' },
    icon(o.kind),
    h(
      'div',
      { class: 'message-words' },
      h('p', {}, o.message),
      o.remedy ? h('p', { class: 'remedy' }, o.remedy) : null,
      o.place ?? null,
      o.actions?.length
        ? h(
            'div',
            { class: 'actions' },
            ...o.actions.map(
              (action) => button({ label: action.label, appearance: 'secondary', onClick: action.run }).element,
            ),
          )
        : null,
    ),
    o.onClose ? iconButton('close', l10n.t('Dismiss'), o.onClose) : null,
  );
}

/** An `ErrorInfo` with a link to its place in a file, or to the log where there is none. */
export function errorBox(
  error: ErrorInfo,
  post: (message: FromAnyView) => void,
  o: { actions?: MessageAction[]; onClose?: () => void } = {},
): HTMLElement {
  const { file, line, column } = error;
  const place =
    file === undefined
      ? textButton(l10n.t('Show log'), () => post({ type: 'openLog' }))
      : textButton(placeName(file, line, column), () => post({ type: 'openPlace', file, line, column }));
  if (file !== undefined) place.title = file;
  const box = messageBox({ kind: 'error', message: error.message, remedy: error.remedy, place, ...o });
  box.dataset.code = error.code;
  return box;
}

/** `photo.jpg`, `train.vitune.json:3:5`: the last part of a path of any platform, with its place. */
export function placeName(file: string, line?: number, column?: number): string {
  const name = file.split(/[\\/]/).filter(Boolean).at(-1) ?? file;
  return [name, line, column].filter((part) => part !== undefined).join(':');
}
