/** The image editor: an image and what the active checkpoint takes it for. */
import { h } from '../element.js';
import { openView } from '../host.js';
import type { FromImageEditor, ImageEditorState, Patch } from '../protocol.js';
import { Stage, type ZoomSetting } from './stage.js';
import { Verdict } from './verdict.js';
import { Why } from './why.js';
import './style.css';

openView<ImageEditorState, Patch<ImageEditorState>, FromImageEditor, { zoom: ZoomSetting }>((root, first, host) => {
  let state = first;
  const post = (message: FromImageEditor) => host.post(message);
  const stage = new Stage(state.file, host.kept()?.zoom ?? 'fit', host.formats, post, (zoom) => host.keep({ zoom }));
  const why = new Why(host.formats, post);
  const verdict = new Verdict(host.formats, post, why.element);
  root.append(h('h1', { class: 'visually-hidden' }, state.file.name), stage.element, verdict.element);
  const show = () => {
    stage.show(state.file, state.image);
    stage.showHeat(state.why.kind === 'shown' ? state.why.explanation : undefined);
    verdict.show(state);
    why.show(state);
  };
  show();
  return (message) => {
    state = { ...state, ...message.state };
    show();
  };
});
