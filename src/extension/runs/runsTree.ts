/** The tree "Runs and Checkpoints": runs, comparisons of methods with theirs, and the checkpoints of each. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { comparisonFileName } from '../../shared/comparison.js';
import { diagnosisWords } from '../../shared/diagnosisWords.js';
import { percentTaken } from '../../shared/runProgress.js';
import { serves } from '../again/runChanges.js';
import type { Comparing } from '../compare/comparing.js';
import type { ComparisonStore, KnownComparison } from '../compare/comparisonStore.js';
import { commands, type ContextWord } from '../contributions.js';
import type { Checkpoint } from '../trainer/runFolder.js';
import type { ActiveCheckpointStore } from './activeCheckpoint.js';
import { formats } from '../formats.js';
import type { Run } from './run.js';
import type { RunStore } from './runStore.js';

const { t } = vscode.l10n;

export type RunNode = { kind: 'run'; run: Run } | { kind: 'checkpoint'; run: Run; checkpoint: Checkpoint };

/** A comparison of methods, by its folder. */
export interface ComparisonNode {
  kind: 'comparison';
  folder: string;
  /** Of the dataset. */
  name: string;
}

type TreeNode = RunNode | ComparisonNode;

export class RunsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly #nodes = new WeakMap<Run, RunNode>();
  readonly #subscriptions: vscode.Disposable[];
  #waiting: NodeJS.Timeout | undefined;
  #ready: Promise<unknown>;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    private readonly runs: RunStore,
    private readonly active: ActiveCheckpointStore,
    private readonly comparisons: ComparisonStore,
    private readonly comparing: Comparing,
    /** The first look for runs: until it is done nobody can say that there are none. */
    scan: Promise<unknown>,
  ) {
    this.#ready = scan;
    this.#subscriptions = [
      runs.onChange((run) => this.#refresh(run)),
      active.onChange(() => this.#changed.fire(undefined)),
      comparisons.onChange(() => this.#changed.fire(undefined)),
      comparing.onChange(() => this.#refreshSoon()),
    ];
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    await this.#ready;
    if (!node) return this.#roots();
    if (node.kind === 'checkpoint') return [];
    if (node.kind === 'comparison') return this.#runsOf(node.folder);
    return [...node.run.checkpoints].reverse().map((checkpoint) => ({ kind: 'checkpoint', run: node.run, checkpoint }));
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    if (node.kind === 'comparison') return this.#comparisonItem(node);
    return node.kind === 'run' ? this.#runItem(node.run) : this.#checkpointItem(node.run, node.checkpoint);
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    vscode.Disposable.from(this.#changed, ...this.#subscriptions).dispose();
  }

  #node(run: Run): RunNode {
    const known = this.#nodes.get(run) ?? { kind: 'run' as const, run };
    this.#nodes.set(run, known);
    return known;
  }

  /** A training run changes with every step; to draw the tree a few times a second is enough. */
  #refresh(run: Run | undefined): void {
    if (!run) {
      this.#changed.fire(undefined);
      return;
    }
    this.#refreshSoon();
  }

  #refreshSoon(): void {
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#changed.fire(undefined);
    }, 300);
  }

  /** The newest first. */
  #roots(): TreeNode[] {
    const runs = this.runs.runs
      .filter((run) => !run.inComparison)
      .map((run) => ({ time: run.info.createdAt, node: this.#node(run) as TreeNode }));
    const comparisons = this.comparisons.comparisons.map(({ folder, name, changedAt }) => ({
      time: changedAt,
      node: { kind: 'comparison', folder, name } satisfies TreeNode,
    }));
    return [...runs, ...comparisons].sort((a, b) => b.time - a.time).map(({ node }) => node);
  }

  /** Those of its methods that have one, in the order of the methods. */
  #runsOf(folder: string): RunNode[] {
    const methods = this.comparisons.get(folder)?.comparison.methods ?? [];
    return methods.flatMap((method) => {
      const run = this.runs.get(join(folder, method));
      return run ? [this.#node(run)] : [];
    });
  }

  #comparisonItem({ folder, name }: ComparisonNode): vscode.TreeItem {
    const known = this.comparisons.get(folder);
    const work = this.comparing.workOn(folder);
    const item = new vscode.TreeItem(t('Methods on {0}', name), vscode.TreeItemCollapsibleState.Collapsed);
    item.id = folder;
    item.iconPath = known?.damage
      ? damagedIcon()
      : work
        ? new vscode.ThemeIcon('sync~spin', new vscode.ThemeColor('charts.blue'))
        : new vscode.ThemeIcon('list-ordered');
    item.description = known && (known.damage ? t('damaged') : describeComparison(known, work !== null));
    item.tooltip = known?.damage ? `${folder}\n\n${damageText(comparisonFileName, known.damage)}` : folder;
    item.accessibilityInformation = { label: [item.label, item.description].filter(Boolean).join(', ') };
    const words: ContextWord[] = ['comparison', 'folder', work ? 'comparing' : 'idle'];
    if (known && !work && !isComplete(known)) words.push('unfinished');
    item.contextValue = words.join(' ');
    item.command = { command: commands.openComparison, title: t('Open Comparison'), arguments: [folder] };
    return item;
  }

  #runItem(run: Run): vscode.TreeItem {
    const { summary } = run;
    const item = new vscode.TreeItem(
      summary.name,
      run.checkpoints.length > 0 ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    );
    item.id = run.folder;
    item.iconPath = iconOf(run);
    const active =
      this.active.chosen === run.folder || run.checkpoints.some((row) => row.path === this.active.current?.path);
    item.description = active ? `${t('active')} · ${describe(run)}` : describe(run);
    item.tooltip = this.#tooltip(run);
    const words: ContextWord[] = ['run', 'folder', run.busy ? 'running' : 'idle'];
    if (run.resumable) words.push('resumable');
    if (run.checkpoints.length > 0) words.push('usable');
    if (serves(run)) words.push('trained');
    item.contextValue = words.join(' ');
    item.command = { command: commands.openDashboard, title: t('Open Dashboard'), arguments: [this.#node(run)] };
    item.accessibilityInformation = { label: `${summary.name}, ${item.description}` };
    return item;
  }

  #checkpointItem(run: Run, checkpoint: Checkpoint): vscode.TreeItem {
    const item = new vscode.TreeItem(t('Step {0}', formats().integer(checkpoint.step)));
    const active = this.active.current?.path === checkpoint.path;
    item.id = checkpoint.path;
    const marks = [
      ...(active ? [t('active')] : []),
      ...(checkpoint.best ? [t('best')] : []),
      ...(checkpoint.last ? [t('last')] : []),
    ];
    item.description = marks.join(' · ');
    item.accessibilityInformation = { label: [item.label, ...marks].join(', ') };
    item.iconPath = new vscode.ThemeIcon(
      active ? 'target' : checkpoint.best ? 'star-full' : 'save',
      active ? new vscode.ThemeColor('charts.green') : undefined,
    );
    item.tooltip = `${checkpoint.path}\n${new Date(checkpoint.savedAt).toLocaleString(vscode.env.language)}`;
    const words: ContextWord[] = ['folder', 'usable'];
    // Without its last checkpoint a run cannot be resumed, and a trainer at work needs both.
    if (!run.busy && !checkpoint.best && !checkpoint.last) words.push('idle');
    item.contextValue = words.join(' ');
    return item;
  }

  #tooltip(run: Run): vscode.MarkdownString {
    const { started, error, course } = run.progress;
    const text = new vscode.MarkdownString();
    text.appendText(run.info.name);
    if (started) text.appendText(`\n${started.model} · ${started.method} · ${started.device}`);
    text.appendText(`\n${run.folder}`);
    if (run.damage) text.appendText(`\n\n${damageText(run.damage.file, run.damage.reason)}`);
    for (const each of course.found) text.appendText(`\n\n${diagnosisWords(each, diagnosisFormats()).message}`);
    if (error) text.appendText(`\n\n${error.message} ${error.remedy}`);
    return text;
  }
}

/** How a diagnosis is written in the user's language. */
const diagnosisFormats = () => ({
  t,
  percent: (share: number) => formats().percent(share),
  figure: (value: number) => formats().figure(value),
  integer: (value: number) => formats().integer(value),
});

const isComplete = ({ comparison }: KnownComparison): boolean =>
  comparison.methods.every((method) => comparison.rows.some((row) => row.method === method && !row.error));

/** The best method, or how many are done. */
function describeComparison({ comparison }: KnownComparison, isAtWork: boolean): string {
  const { rows, methods } = comparison;
  const done = rows.filter(({ error }) => !error);
  if (isAtWork || done.length < 2) return t('{0} of {1} methods', done.length, methods.length);
  const best = done.reduce((top, row) => ((row.accuracy ?? 0) > (top.accuracy ?? 0) ? row : top));
  return [t('best: {0}', best.method), best.accuracy === undefined ? '' : formats().percent(best.accuracy)]
    .filter(Boolean)
    .join(' · ');
}

function describe(run: Run): string {
  const { summary } = run;
  const accuracy = summary.best && formats().percent(summary.best.accuracy);
  const done = formats().wholePercent(percentTaken(summary) / 100);
  switch (summary.status) {
    case 'starting':
      return t('starting…');
    case 'running':
      return [summary.activity && summary.step === 0 ? t('preparing…') : done, accuracy].filter(Boolean).join(' · ');
    case 'stopping':
      return t('stopping…');
    case 'finished':
      return [accuracy, t('finished')].filter(Boolean).join(' · ');
    case 'stopped':
      return [accuracy, t('stopped at {0}', done)].filter(Boolean).join(' · ');
    case 'failed':
      return t('failed at {0}', done);
    case 'interrupted':
      return t('interrupted at {0}', done);
    case 'damaged':
      return t('damaged');
  }
}

const damagedIcon = () => new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.errorForeground'));

/** What a tooltip says of a file that cannot be read. */
const damageText = (file: string, reason: string): string => t('{0} is damaged: {1}', file, reason);

function iconOf(run: Run): vscode.ThemeIcon {
  switch (run.status) {
    case 'starting':
    case 'running':
    case 'stopping':
      return new vscode.ThemeIcon('sync~spin', new vscode.ThemeColor('charts.blue'));
    case 'finished':
      return new vscode.ThemeIcon('pass', new vscode.ThemeColor('charts.green'));
    case 'stopped':
      return new vscode.ThemeIcon('debug-pause');
    case 'failed':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    case 'interrupted':
      return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    case 'damaged':
      return damagedIcon();
  }
}
