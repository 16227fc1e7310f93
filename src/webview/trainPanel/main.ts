/** The training panel in the sidebar: a form to start a run, and the run that is followed. */
import * as l10n from '@vscode/l10n';
import { button } from '../controls.js';
import { h } from '../element.js';
import { type Host, openView } from '../host.js';
import { errorBox, messageBox } from '../message.js';
import type { FromTrainPanel, Patch, TrainPanelState } from '../protocol.js';
import { isLive } from '../runStatus.js';
import { FormView } from './form.js';
import { RunCard } from './runCard.js';
import './style.css';

interface Kept {
  advancedOpen: boolean;
}

openView<TrainPanelState, Patch<TrainPanelState>, FromTrainPanel, Kept>((root, first, host) => {
  const panel = new TrainPanel(root, first, host);
  return (message) => panel.update(message.state);
});

class TrainPanel {
  private readonly form: FormView;
  private readonly card: RunCard;
  private readonly element = h('div', { class: 'panel' });
  private readonly messages = h('div', { class: 'messages' });
  private readonly formTitle = h('h2', { class: 'form-title' }, l10n.t('New run'));
  private readonly start = button({
    label: l10n.t('Start Training'),
    appearance: 'primary',
    onClick: () => this.submit('start'),
  });
  private readonly stop = button({ label: l10n.t('Stop'), appearance: 'secondary', onClick: () => this.sendStop() });
  private readonly save = button({
    label: l10n.t('Save as Config File…'),
    appearance: 'secondary',
    onClick: () => this.submit('saveConfig'),
  });

  constructor(
    root: HTMLElement,
    private state: TrainPanelState,
    private readonly host: Host<FromTrainPanel, Kept>,
  ) {
    const post = (message: FromTrainPanel) => host.post(message);
    this.form = new FormView(state, post, host.formats, host.kept()?.advancedOpen ?? false, (advancedOpen) =>
      host.keep({ advancedOpen }),
    );
    this.card = new RunCard(post, host.formats);
    this.element.append(this.messages, this.card.element, this.formTitle, this.form.element, this.save.element);
    root.append(this.element, h('div', { class: 'action-bar' }, this.start.element, this.stop.element));
    this.showMessages();
    this.showRun();
  }

  update(change: Partial<TrainPanelState>): void {
    this.state = { ...this.state, ...change };
    const { run, error, notice, ...form } = change;
    if (Object.keys(form).length > 0) this.form.update(form);
    if (error !== undefined || notice !== undefined) this.showMessages();
    if (run !== undefined) this.showRun();
  }

  private showMessages(): void {
    const { error, notice } = this.state;
    const close = (what: 'error' | 'notice') => () => {
      this.state = { ...this.state, [what]: null };
      this.showMessages();
      this.host.post({ type: 'dismiss', what });
    };
    this.messages.replaceChildren(
      ...(error ? [errorBox(error, this.host.post, { onClose: close('error') })] : []),
      ...(notice ? [messageBox({ kind: 'info', ...notice, onClose: close('notice') })] : []),
    );
    this.messages.hidden = !error && !notice;
    if (error) this.scrollUp();
  }

  /** What has just come up (a run that starts, an error) is at the top, and the person may be far down in the form. */
  private scrollUp(): void {
    this.element.scrollTo({ top: 0 });
  }

  private showRun(): void {
    const { run } = this.state;
    const live = run !== null && isLive(run.status);
    if (live && this.start.element.hidden === false) this.scrollUp();
    this.card.show(run);
    this.formTitle.hidden = run === null;
    this.start.element.hidden = live;
    this.stop.element.hidden = !live;
    this.stop.setDisabled(run?.status === 'stopping');
    this.stop.setLabel(run?.status === 'stopping' ? l10n.t('Stopping…') : l10n.t('Stop'));
  }

  private submit(type: 'start' | 'saveConfig'): void {
    const form = this.form.submit({ needsDataset: type === 'start' });
    if (form) this.host.post({ type, form });
  }

  private sendStop(): void {
    if (this.state.run) this.host.post({ type: 'stop', run: this.state.run.folder });
  }
}
