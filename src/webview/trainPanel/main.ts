/** The training panel in the sidebar: a form to start a run, and the run that is followed. */
import * as l10n from '@vscode/l10n';
import { button } from '../controls.js';
import { h } from '../element.js';
import { type Host, openView } from '../host.js';
import { errorBox, messageBox } from '../message.js';
import type { FromTrainPanel, Patch, TrainPanelState } from '../protocol.js';
import { isLive } from '../runStatus.js';
import { AdviceCard } from './adviceCard.js';
import { FormView } from './form.js';
import { PlanLine } from './planLine.js';
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
  private readonly advice: AdviceCard;
  private readonly planLine: PlanLine;
  /** By the folder of the run. */
  private readonly cards = new Map<string, RunCard>();
  private readonly runs = h('section', { class: 'runs', 'aria-label': l10n.t('Training runs') });
  private readonly element = h('div', { class: 'panel' });
  private readonly messages = h('div', { class: 'messages' });
  private readonly formTitle = h('h2', { class: 'form-title' }, l10n.t('New run'));
  private readonly start = button({
    label: l10n.t('Start Training'),
    appearance: 'primary',
    onClick: () => this.submit('start'),
  });
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
    this.advice = new AdviceCard(post, host.formats);
    this.planLine = new PlanLine(post, host.formats);
    this.element.append(
      this.messages,
      this.advice.element,
      this.runs,
      this.formTitle,
      this.form.element,
      this.save.element,
    );
    const title = h('h1', { class: 'visually-hidden' }, l10n.t('Train'));
    root.append(title, this.element, h('div', { class: 'action-bar' }, this.planLine.element, this.start.element));
    this.showMessages();
    this.showRuns();
    this.showPlan();
  }

  update(change: Partial<TrainPanelState>): void {
    this.state = { ...this.state, ...change };
    const { runs, error, notice, changed, plan, ...form } = change;
    if (Object.keys(form).length > 0) this.form.update(form);
    if (error !== undefined || notice !== undefined || changed !== undefined) this.showMessages();
    if (runs !== undefined) this.showRuns();
    if (plan !== undefined || change.form !== undefined || change.datasets !== undefined) this.showPlan();
  }

  private showPlan(): void {
    const { plan } = this.state;
    if (plan.advice.kind !== 'none' && this.advice.element.hidden) this.scrollUp();
    this.advice.show(plan);
    this.planLine.show(plan, this.form.hasDataset);
  }

  private showMessages(): void {
    const { error, notice, changed } = this.state;
    const close = (what: 'error' | 'notice') => () => {
      this.state = { ...this.state, [what]: null };
      this.showMessages();
      this.host.post({ type: 'dismiss', what });
    };
    const news = changed && {
      message: l10n.t('Since the run “{0}”: {1}.', changed.name, changed.words),
      actions: [{ label: l10n.t('Train Again…'), run: () => this.host.post({ type: 'trainAgain', run: changed.run }) }],
    };
    this.messages.replaceChildren(
      ...(error ? [errorBox(error, this.host.post, { onClose: close('error') })] : []),
      ...(notice ? [messageBox({ kind: 'info', ...notice, onClose: close('notice') })] : []),
      ...(news ? [messageBox({ kind: 'info', ...news })] : []),
    );
    this.messages.hidden = !error && !notice && !news;
    if (error) this.scrollUp();
  }

  /** New content (a run that starts, an error) is at the top, and the user may be far down in the form. */
  private scrollUp(): void {
    this.element.scrollTo({ top: 0 });
  }

  private showRuns(): void {
    const { runs } = this.state;
    const folders = new Set(runs.map(({ folder }) => folder));
    for (const [folder, card] of this.cards) {
      if (folders.has(folder)) continue;
      card.element.remove();
      this.cards.delete(folder);
    }
    runs.forEach((run, place) => {
      const known = this.cards.get(run.folder);
      const card = known ?? new RunCard((message) => this.host.post(message), this.host.formats);
      if (!known) {
        this.cards.set(run.folder, card);
        if (isLive(run.status)) this.scrollUp();
      }
      card.show(run);
      if (this.runs.children[place] !== card.element)
        this.runs.insertBefore(card.element, this.runs.children[place] ?? null);
    });
    this.runs.hidden = runs.length === 0;
    this.formTitle.hidden = runs.length === 0;
  }

  private submit(type: 'start' | 'saveConfig'): void {
    const form = this.form.submit({ needsDataset: type === 'start' });
    if (form) this.host.post({ type, form });
  }
}
