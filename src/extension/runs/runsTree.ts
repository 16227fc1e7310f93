/** The tree "Runs and Checkpoints". */
import * as vscode from 'vscode';
import { commands, type ContextWord } from '../contributions.js';
import type { Checkpoint } from '../trainer/runFolder.js';
import type { ActiveCheckpointStore } from './activeCheckpoint.js';
import type { Run } from './run.js';
import { percentOf } from './runProgress.js';
import type { RunStore } from './runStore.js';

const { t } = vscode.l10n;

export type RunNode = { kind: 'run'; run: Run } | { kind: 'checkpoint'; run: Run; checkpoint: Checkpoint };

export class RunsTree implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<RunNode | undefined>();
  readonly #nodes = new WeakMap<Run, RunNode>();
  readonly #subscriptions: vscode.Disposable[];
  #waiting: NodeJS.Timeout | undefined;
  #ready: Promise<unknown>;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    private readonly runs: RunStore,
    private readonly active: ActiveCheckpointStore,
    /** The first look for runs: until it is done nobody can say that there are none. */
    scan: Promise<unknown>,
  ) {
    this.#ready = scan;
    this.#subscriptions = [runs.onChange((run) => this.#refresh(run)), active.onChange(() => this.#changed.fire(undefined))];
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    await this.#ready;
    if (!node) return this.runs.runs.map((run) => this.#node(run));
    if (node.kind === 'checkpoint') return [];
    return [...node.run.checkpoints].reverse().map((checkpoint) => ({ kind: 'checkpoint', run: node.run, checkpoint }));
  }

  getTreeItem(node: RunNode): vscode.TreeItem {
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

  /** A training run tells of every step; a tree that is drawn a few times a second is enough. */
  #refresh(run: Run | undefined): void {
    if (!run) {
      this.#changed.fire(undefined);
      return;
    }
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#changed.fire(undefined);
    }, 300);
  }

  #runItem(run: Run): vscode.TreeItem {
    const { summary } = run;
    const item = new vscode.TreeItem(
      summary.name,
      run.checkpoints.length > 0 ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    );
    item.id = run.folder;
    item.iconPath = iconOf(run);
    const active = this.active.chosen === run.folder || run.checkpoints.some((row) => row.path === this.active.current?.path);
    item.description = active ? `${t('active')} · ${describe(run)}` : describe(run);
    item.tooltip = this.#tooltip(run);
    const words: ContextWord[] = ['run', 'folder', run.busy ? 'running' : 'idle'];
    if (run.resumable) words.push('resumable');
    if (run.checkpoints.length > 0) words.push('usable');
    item.contextValue = words.join(' ');
    item.command = { command: commands.openDashboard, title: t('Open Dashboard'), arguments: [this.#node(run)] };
    item.accessibilityInformation = { label: `${summary.name}, ${item.description}` };
    return item;
  }

  #checkpointItem(run: Run, checkpoint: Checkpoint): vscode.TreeItem {
    const item = new vscode.TreeItem(t('Step {0}', checkpoint.step.toLocaleString(vscode.env.language)));
    const active = this.active.current?.path === checkpoint.path;
    item.id = checkpoint.path;
    const marks = [...(active ? [t('active')] : []), ...(checkpoint.best ? [t('best')] : []), ...(checkpoint.last ? [t('last')] : [])];
    item.description = marks.join(' · ');
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
    const { started, error } = run.progress;
    const text = new vscode.MarkdownString();
    text.appendText(run.info.name);
    if (started) text.appendText(`\n${started.model} · ${started.method} · ${started.device}`);
    text.appendText(`\n${run.folder}`);
    if (error) text.appendText(`\n\n${error.message} ${error.remedy}`);
    return text;
  }
}

/** A share as per cent in the person's way of writing numbers, with one decimal or whole. */
export function percent(share: number, decimals = 1): string {
  return share.toLocaleString(vscode.env.language, { style: 'percent', minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function describe(run: Run): string {
  const { summary } = run;
  const accuracy = summary.best && percent(summary.best.accuracy);
  const done = percent(percentOf(summary) / 100, 0);
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
  }
}

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
  }
}
