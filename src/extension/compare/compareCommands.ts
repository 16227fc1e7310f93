/** "Compare Methods…": methods trained on one dataset, and the page of what each takes and gives. */
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import type { MethodChoice } from '../../webview/protocol.js';
import { fileNameOf } from '../config/configFile.js';
import type { ConfigHome } from '../config/configHome.js';
import { commands, type Settings } from '../contributions.js';
import { notify } from '../notify.js';
import { pickDataset } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import type { DatasetNode } from '../datasets/datasetsTree.js';
import type { ComparisonNode } from '../runs/runsTree.js';
import type { Comparing } from './comparing.js';
import type { ComparisonPanels } from './comparisonPanels.js';
import type { ComparisonStore, KnownComparison } from './comparisonStore.js';

const { t } = vscode.l10n;

export interface CompareParts {
  datasets: DatasetStore;
  comparisons: ComparisonStore;
  comparing: Comparing;
  panels: ComparisonPanels;
  methods: () => Promise<MethodChoice[]>;
  configHome: ConfigHome;
}

/** A node of the tree, or the folder of a comparison. */
type ComparisonArgument = ComparisonNode | string | undefined;

export function compareCommands(parts: CompareParts) {
  const { datasets, comparisons, comparing, panels } = parts;

  /** Shows the page at once, compares, and says when it is done to who looks elsewhere. */
  const compare = async (known: KnownComparison): Promise<void> => {
    const { folder, name } = known;
    panels.show(known);
    if (comparing.workOn(folder)) return;
    try {
      if (!(await comparing.run(folder, known.comparison))) return;
    } catch (error) {
      // Where it had not begun there is nothing to show.
      if (!comparisons.get(folder)) panels.close(folder);
      throw error;
    }
    if (panels.isVisible(folder)) return;
    if (!vscode.workspace.getConfiguration('vitune').get<Settings['notifyWhenFinished']>('notifyWhenFinished', true))
      return;
    const said = t('The methods are compared on “{0}”.', name);
    void notify('info', said, { title: t('Show'), run: () => panels.show(comparisons.get(folder) ?? known) });
  };

  return {
    /** `methods` and `settings` (`KEY=VALUE` each) as a test or a keybinding gives them. */
    [commands.compareMethods]: async (
      given?: DatasetNode | vscode.Uri | string,
      methods?: string[],
      settings?: string[],
    ) => {
      const dataset = await pickDataset(datasets, given);
      if (dataset === undefined) return;
      const chosen = Array.isArray(methods) ? methods : await pickMethods(await parts.methods());
      if (!chosen?.length) return;
      await compare(await comparisonOf(dataset, chosen, Array.isArray(settings) ? settings : [], parts));
    },
    [commands.openComparison]: async (given?: ComparisonArgument) => {
      const known = await pickComparison(comparisons, given);
      if (known) panels.show(known);
    },
    /** `seeds` as the page gives them: of the tree a second selected item comes. */
    [commands.continueComparison]: async (given?: ComparisonArgument, seeds?: unknown) => {
      const known = await pickComparison(comparisons, given);
      if (!known) return;
      const more = typeof seeds === 'number' ? { seeds } : {};
      await compare({ ...known, comparison: { ...known.comparison, ...more } });
    },
    [commands.stopComparison]: (given: ComparisonNode | string) => comparing.stop(folderOf(given)),
  };
}

const folderOf = (given: ComparisonNode | string): string => (typeof given === 'string' ? given : given.folder);

/** The methods are all chosen to begin with: who wants fewer takes some away. */
async function pickMethods(methods: readonly MethodChoice[]): Promise<string[] | undefined> {
  const items = methods.map(({ type, tradeOff }) => ({ label: type, detail: tradeOff, picked: true }));
  const title = t('Compare which methods? Each is trained with its defaults, one after the other.');
  return (await vscode.window.showQuickPick(items, { title, canPickMany: true }))?.map(({ label }) => label);
}

/**
 * The comparison on this dataset with these settings that there is, with the methods added, else a new one with a name
 * of its own.
 */
async function comparisonOf(
  dataset: string,
  methods: string[],
  settings: string[],
  { comparisons, configHome }: CompareParts,
): Promise<KnownComparison> {
  const name = basename(dataset);
  configHome.announce();
  for (let number = 1; ; number++) {
    const folder = join(
      configHome.folderFor(dataset),
      'runs',
      `compare-${fileNameOf(name)}${number === 1 ? '' : `-${number}`}`,
    );
    const known = await comparisons.refresh(folder);
    if (!known)
      return { folder, name, comparison: { format: 1, dataset, settings, methods, rows: [] }, changedAt: Date.now() };
    const { comparison, damage } = known;
    if (
      damage ||
      !isDeepStrictEqual({ dataset: comparison.dataset, settings: comparison.settings }, { dataset, settings })
    )
      continue;
    return { ...known, comparison: { ...comparison, methods: [...new Set([...comparison.methods, ...methods])] } };
  }
}

async function pickComparison(
  comparisons: ComparisonStore,
  given: ComparisonArgument,
): Promise<KnownComparison | undefined> {
  if (given !== undefined) return comparisons.get(folderOf(given));
  const known = comparisons.comparisons;
  if (known.length === 0) {
    void notify('info', t('There is no comparison yet. Right-click a dataset and choose “Compare Methods…”.'));
    return undefined;
  }
  if (known.length === 1) return known[0];
  const items = known.map((each) => ({ label: each.name, detail: each.folder, each }));
  return (await vscode.window.showQuickPick(items, { title: t('Open which comparison?'), matchOnDetail: true }))?.each;
}
