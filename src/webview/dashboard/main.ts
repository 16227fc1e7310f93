/** The dashboard: a run's curves, confusion matrix, classes, checkpoints and messages, live. */
import * as l10n from '@vscode/l10n';
import { h } from '../element.js';
import { type Host, openView } from '../host.js';
import { extraFigures } from '../../shared/metrics.js';
import type { Task } from '../../trainer/protocol.js';
import { errorBox, messageBox, placeName } from '../message.js';
import { textButton } from '../controls.js';
import type { DashboardHistory, DashboardState, FromDashboard, KeptByDashboard, ToDashboard } from '../protocol.js';
import { activityText, isLive } from '../runStatus.js';
import { ReliabilityDiagram } from '../charts/reliabilityDiagram.js';
import { ConfusionMatrix } from '../charts/confusionMatrix.js';
import type { CurveSettings } from '../charts/stepChart.js';
import { onThemeChange } from '../theme.js';
import { diagnosisBox } from './diagnosisBox.js';
import { Curves } from './curves.js';
import { Header, type HeaderState } from './header.js';
import { perClass } from '../perClass.js';
import { type EvaluationEvent, RunRecord } from './runRecord.js';
import { TaskSwitch } from './taskSwitch.js';
import { figuresOf, tasksOf, type TaskFigures } from './tasks.js';
import { cellWay, imageWays, type ImageWay } from './imageWays.js';
import { checkpointTable, classTable, multiLabelTable } from './tables.js';
import './style.css';

/** `task`: the one whose classes are shown. */
type Kept = KeptByDashboard & CurveSettings & { task?: string };
type Later = Exclude<ToDashboard, { type: 'init' }>;

openView<DashboardState, Later, FromDashboard, Kept>((root, state, host) => {
  dashboard?.dispose();
  dashboard = new Dashboard(root, state, host);
  return (message) => dashboard?.receive(message);
});

let dashboard: Dashboard | undefined;

class Dashboard {
  private readonly record = new RunRecord();
  private state: HeaderState;
  private readonly header: Header;
  private readonly messages = h('div', { class: 'messages' });
  private readonly waiting = h('p', { class: 'waiting quiet', role: 'status' });
  private readonly curves: Curves;
  private readonly matrix: ConfusionMatrix;
  private readonly matrixCard: HTMLElement;
  private readonly ways = h('p', { class: 'links' });
  private waysTellUnknown: boolean | undefined;
  /** What the matrix shows, and of which task; null: there is only one. */
  private shownTask: { task: string | null; labels: readonly string[]; confusion: number[][] } | undefined;
  private readonly matrixTitle = h('span', { class: 'quiet' });
  private readonly classesTitle = h('span', { class: 'quiet' });
  private readonly classes;
  private readonly multiLabelClasses;
  private readonly figures = h('dl', { class: 'figures' });
  /** Why an evaluation of a multi-label checkpoint says something else. */
  private readonly atOneHalf = h(
    'p',
    { class: 'quiet' },
    l10n.t('Measured during training: a label counts as predicted from a probability of one half on.'),
    ' ',
    l10n.t('An evaluation, and the images of the run, go by the threshold that the calibration found for each label.'),
  );
  private readonly reliability: ReliabilityDiagram;
  private readonly taskSwitch: TaskSwitch;
  private readonly results: HTMLElement;
  private readonly checkpoints;
  private readonly checkpointSection: HTMLElement;
  private shownEvaluation: EvaluationEvent | undefined;
  private shownMessages = '';
  private frame = 0;
  private readonly stopWatching = onThemeChange(() => this.recolor());

  constructor(
    root: HTMLElement,
    { history, ...state }: DashboardState,
    private readonly host: Host<FromDashboard, Kept>,
  ) {
    const { formats } = host;
    const post = (message: FromDashboard) => host.post(message);
    this.state = state;
    const { smoothing = 0.6, logarithmic = false } = host.kept() ?? {};
    const settings = { smoothing, logarithmic };
    this.taskSwitch = new TaskSwitch(host.kept()?.task, () => {
      keep();
      this.shownEvaluation = undefined;
      this.showResults();
    });
    const keep = () => host.keep({ run: state.run.folder, ...settings, task: this.taskSwitch.chosen });
    keep();
    this.header = new Header(state, formats, post);
    this.curves = new Curves(this.record, settings, formats, keep);
    this.matrix = new ConfusionMatrix(formats, ({ truth, prediction }) => this.openCell(truth, prediction));
    this.matrixCard = h(
      'section',
      { class: 'card' },
      h('h2', {}, l10n.t('Confusion matrix'), ' ', this.matrixTitle),
      this.ways,
      this.matrix.element,
    );
    const openClass = (label: string) => this.showImages({ title: label, query: { words: { label: [label] } } });
    this.classes = classTable(formats, openClass);
    this.multiLabelClasses = multiLabelTable(formats, openClass);
    this.checkpoints = checkpointTable(formats, post);
    const classes = h(
      'section',
      { class: 'card' },
      h('h2', {}, l10n.t('Classes'), ' ', this.classesTitle),
      this.figures,
      this.atOneHalf,
      this.classes.element,
      this.multiLabelClasses.element,
    );
    this.reliability = new ReliabilityDiagram(formats, () => post({ type: 'calibrate', run: this.state.run.folder }));
    this.results = h(
      'div',
      { class: 'results' },
      this.taskSwitch.element,
      this.matrixCard,
      classes,
      this.reliability.element,
    );
    this.checkpointSection = h(
      'section',
      { class: 'card checkpoints' },
      h('h2', {}, l10n.t('Checkpoints')),
      this.checkpoints.element,
    );
    root.append(
      this.header.element,
      this.messages,
      this.waiting,
      this.curves.element,
      this.results,
      this.checkpointSection,
    );
    this.record.restore(JSON.parse(history) as DashboardHistory);
    this.show();
  }

  receive(message: Later): void {
    if (message.type === 'patch') this.state = { ...this.state, ...message.state };
    else if (!this.record.append(message.events)) return;
    // However many messages come, one drawing a frame is enough.
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.show();
      });
    }
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.stopWatching();
    this.curves.dispose();
    this.matrix.dispose();
  }

  private show(): void {
    const { record, state } = this;
    this.header.show(state, record);
    this.showMessages();
    const started = record.steps.step.length > 0 || record.evaluations.length > 0;
    this.showWaiting(started);
    // A method that trains nothing takes no step: there is a result, and no course of it.
    const trains = record.started?.trainableParameters !== 0;
    this.curves.element.hidden = !started || !trains;
    if (started && trains) this.curves.show(record);
    this.showResults();
    this.showCheckpoints();
  }

  private showWaiting(started: boolean): void {
    const live = isLive(this.state.status);
    const { formats } = this.host;
    this.waiting.hidden = started || this.record.error !== null;
    const { activity, partialStep } = this.record;
    let words = l10n.t('No step was taken in this run.');
    if (live && partialStep)
      words = l10n.t(
        'Step {0}: {1} of {2} images',
        formats.integer(partialStep.step),
        formats.integer(partialStep.done),
        formats.integer(partialStep.total),
      );
    else if (live)
      words = activity
        ? `${activityText(activity.phase)} ${counts(activity, this.host)}`.trim()
        : l10n.t('Waiting for the first step…');
    if (this.waiting.textContent !== words) this.waiting.textContent = words;
  }

  private showMessages(): void {
    const { error, notices } = this.record;
    const { found } = this.record.progress.course;
    const { changed } = this.state;
    const key = JSON.stringify([error, notices.length, found, changed]);
    if (key === this.shownMessages) return;
    this.shownMessages = key;
    const boxes = notices.map(({ message, remedy, file }) => {
      const place =
        file === undefined ? undefined : textButton(placeName(file), () => this.host.post({ type: 'openPlace', file }));
      return messageBox({ kind: 'info', message, remedy, place });
    });
    const many = boxes.length > 3;
    const notes = many
      ? [h('details', {}, h('summary', {}, l10n.t('{0} notices', this.host.formats.integer(boxes.length))), ...boxes)]
      : boxes;
    const diagnoses = found.map((each) => diagnosisBox(each, this.host));
    const { folder } = this.state.run;
    const again = { label: l10n.t('Train Again…'), run: () => this.host.post({ type: 'trainAgain', run: folder }) };
    const news = changed
      ? [messageBox({ kind: 'info', message: l10n.t('Since this run: {0}.', changed), actions: [again] })]
      : [];
    this.messages.replaceChildren(...(error ? [errorBox(error, this.host.post)] : []), ...news, ...diagnoses, ...notes);
    this.messages.hidden = this.messages.childElementCount === 0;
  }

  private showResults(): void {
    const { record } = this;
    const evaluation = this.evaluationToShow();
    const tasks = tasksOf(record);
    this.taskSwitch.show(tasks.map(({ name }) => name));
    const task = tasks.find(({ name }) => name === this.taskSwitch.chosen);
    const figures = evaluation && task && figuresOf(evaluation, task.name);
    this.results.hidden = !figures || task.labels.length === 0;
    // A run with a single task calls it by the name that its dataset gives it.
    const known = this.calibrated();
    this.reliability.show(
      known === 'missing' ? known : (known?.tasks.find((each) => each.task === task?.name) ?? known?.tasks[0]),
    );
    const canTellUnknown = known !== undefined && known !== 'missing' && known.tellsUnknown;
    // Not with every event: a link keeps its focus.
    if (canTellUnknown !== this.waysTellUnknown)
      this.ways.replaceChildren(...imageWays((way) => this.showImages(way), canTellUnknown));
    this.waysTellUnknown = canTellUnknown;
    if (!figures || evaluation === this.shownEvaluation) return;
    this.shownEvaluation = evaluation;
    const split = evaluation.split === 'test' ? l10n.t('test') : l10n.t('validation');
    const step = this.host.formats.integer(evaluation.step);
    this.matrixTitle.textContent =
      evaluation.step === record.bestStep
        ? l10n.t('{0}, best checkpoint (step {1})', split, step)
        : l10n.t('{0}, step {1}', split, step);
    // Without a matrix next to it the table of classes shows its own step.
    this.classesTitle.textContent = task.multiLabel ? this.matrixTitle.textContent : '';
    this.shownTask = { task: tasks.length > 1 ? task.name : null, labels: task.labels, confusion: figures.confusion };
    this.showClasses(task, figures);
  }

  /** What was computed after the end of the run, else by it. */
  private calibrated(): Exclude<DashboardState['calibrated'], null> | undefined {
    const { calibration } = this.record.progress;
    const ofRun = calibration && { tasks: calibration.tasks, tellsUnknown: calibration.unknown !== undefined };
    const { calibrated } = this.state;
    return calibrated === 'missing' ? (ofRun ?? calibrated) : (calibrated ?? ofRun);
  }

  private openCell(truth: number, prediction: number): void {
    const { labels, confusion } = this.shownTask ?? { labels: [], confusion: [] };
    // An empty cell has no images to show.
    if (confusion[truth]?.[prediction]) this.showImages(cellWay(labels[truth]!, labels[prediction]!));
  }

  private showImages({ title, query }: ImageWay): void {
    const { shownEvaluation, shownTask } = this;
    if (!shownEvaluation || !shownTask) return;
    const split = shownEvaluation.split === 'test' ? 'test' : 'validation';
    this.host.post({ type: 'showImages', split, step: shownEvaluation.step, title, task: shownTask.task, query });
  }

  /** The figures shown are those of the best checkpoint, the one that classifies; until there is one, of the last. */
  private evaluationToShow(): EvaluationEvent | undefined {
    const { record } = this;
    // The host sends the matrix only of those that it expects to be shown.
    const isWhole = ({ confusion, perClass: figures, tasks }: EvaluationEvent) =>
      confusion.length > 0 || Boolean(figures?.length) || Boolean(tasks?.some((task) => task.confusion.length > 0));
    const validation = record.evaluationsOf('validation').filter(isWhole);
    return (
      record.evaluationsOf('test').at(-1) ??
      validation.find(({ step }) => step === record.bestStep) ??
      validation.at(-1)
    );
  }

  /** A multi-label task has no confusion matrix, and reports the metrics of its classes itself. */
  private showClasses({ labels, multiLabel }: Task, figures: TaskFigures): void {
    this.matrixCard.hidden = multiLabel;
    this.classes.element.hidden = multiLabel;
    this.multiLabelClasses.element.hidden = !multiLabel;
    this.atOneHalf.hidden = !multiLabel;
    this.showFigures(figures, multiLabel);
    if (!multiLabel) {
      this.matrix.show([...labels], figures.confusion);
      this.classes.show(figures.perClass ?? perClass(labels, figures.confusion));
      return;
    }
    this.multiLabelClasses.show(figures.perClass ?? []);
  }

  /** The metrics of a task, but for what the header and the curves show. */
  private showFigures(figures: TaskFigures, multiLabel: boolean): void {
    const { formats } = this.host;
    const { lang } = document.documentElement;
    const shown: [string, string, string][] = extraFigures(figures).map(({ metric, value }) => [
      metric.title(l10n).replace(/^./u, (letter) => letter.toLocaleUpperCase(lang)),
      metric.help(l10n),
      metric.format === 'percent' ? formats.percent(value) : formats.loss(value),
    ]);
    if (multiLabel)
      shown.unshift([
        l10n.t('All labels right'),
        l10n.t('Share of the images of which every label is right.'),
        formats.percent(figures.accuracy),
      ]);
    this.figures.hidden = shown.length === 0;
    this.figures.replaceChildren(
      ...shown.map(([name, title, value]) => h('div', { title }, h('dt', {}, name), h('dd', {}, value))),
    );
  }

  private showCheckpoints(): void {
    const { checkpoints } = this.state;
    const accuracy = new Map(
      this.record.evaluationsOf('validation').map((evaluation) => [evaluation.step, evaluation.accuracy]),
    );
    this.checkpointSection.hidden = checkpoints.length === 0;
    this.checkpoints.show(
      [...checkpoints].sort((a, b) => b.step - a.step).map((row) => ({ ...row, accuracy: accuracy.get(row.step) })),
    );
  }

  private recolor(): void {
    this.curves.recolor();
    this.matrix.draw();
  }
}

function counts({ done, total }: { done: number; total: number }, { formats }: Host<FromDashboard, Kept>): string {
  return total > 1 ? `${formats.integer(done)} / ${formats.integer(total)}` : '';
}
