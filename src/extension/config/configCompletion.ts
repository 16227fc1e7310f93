/**
 * Completes in a config what the schema cannot know: datasets and columns that exist, models at hand and checkpoints,
 * layers of this model, labels of this dataset.
 */
import { dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { imagesIn } from '../datasets/datasetStore.js';
import { formats } from '../formats.js';
import type { ConfigChecks } from './configChecks.js';
import { pathInConfig } from './configFile.js';
import { placeAt, valueAt, type ConfigPlace } from './configPlace.js';
import { rangeOf } from './configProblems.js';
import { datasetFolders } from './datasetFolders.js';
import type { StartingPoints } from './startingPoints.js';

const { t } = vscode.l10n;

/** So many folders of a dataset are named. */
const mostNames = 3;

/** What is offered at a place; `rank` sorts the groups. */
interface Offer {
  value: string;
  /** A few words beside it, and more below it. */
  detail?: string;
  more?: string;
  kind: vscode.CompletionItemKind;
  rank?: number;
}

export class ConfigCompletion implements vscode.CompletionItemProvider {
  /** Characters after which a completion is asked for. */
  static readonly triggers = ['"', '/', ' '];

  constructor(
    private readonly checks: ConfigChecks,
    private readonly datasets: DatasetStore,
    private readonly points: StartingPoints,
  ) {}

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const text = document.getText();
    const place = placeAt(text, document.offsetAt(position));
    const offers = await this.#offersAt(document, text, place);
    const range = rangeOf(document, place.replaced);
    const { offset, length } = place.replaced;
    const isNewKey = place.isKey && !/^\s*:/.test(text.slice(offset + length));
    return offers.map((offer, i) => itemOf(offer, i, range, isNewKey));
  }

  async #offersAt(document: vscode.TextDocument, text: string, { path, isKey }: ConfigPlace): Promise<Offer[]> {
    const folder = dirname(document.uri.fsPath);
    const check = this.checks.of(document);
    // Places in a list are all alike.
    const key = path.map((each) => (typeof each === 'number' ? '*' : each)).join('.');
    const labels = check?.dataset?.tasks.flatMap((task) => task.labels) ?? [];
    if (isKey) {
      const owner = path.slice(0, -1).join('.');
      if (owner !== 'classWeights' && owner !== 'tests.classAccuracy') return [];
      const taken = Object.keys((valueAt(text, path.slice(0, -1)) as object | undefined) ?? {});
      return labelOffers(labels.filter((label) => !taken.includes(label)));
    }
    switch (key) {
      case 'dataset':
      case 'dataset.folder':
      case 'dataset.train':
      case 'dataset.validation':
      case 'dataset.test':
        return this.#folders(folder);
      case 'dataset.columns.*':
      case 'dataset.multiLabel':
      case 'dataset.multiLabel.*':
      case 'dataset.image':
      case 'dataset.split':
        return remaining(check?.columns ?? [], text, path).map((value) => ({
          value,
          detail: t('column of the label file'),
          kind: vscode.CompletionItemKind.Field,
        }));
      case 'model':
        return this.#models(folder);
      case 'method.targetModules.*':
        return remaining(check?.model?.layers ?? [], text, path).map((value) => ({
          value,
          detail: t('layer of this model ({0})', check!.model!.family),
          kind: vscode.CompletionItemKind.EnumMember,
        }));
      default:
        return key.startsWith('tests.right.') ? labelOffers(labels) : [];
    }
  }

  /** Those of the list of datasets first: what is in them is known. */
  async #folders(folder: string): Promise<Offer[]> {
    const kind = vscode.CompletionItemKind.Folder;
    const listed = this.datasets.folders.map((path): Offer & { path: string } => {
      const inspection = this.datasets.knowledgeOf(path)?.inspection;
      const words = inspection
        ? t('{0} images in {1} classes', formats().integer(imagesIn(inspection)), inspection.labels.length)
        : t('in the list of datasets');
      return { path, value: pathInConfig(folder, path), detail: words, kind, rank: 0 };
    });
    const found = await datasetFolders(folder);
    const known = new Set(listed.map(({ path }) => path));
    const beside = found
      .filter(({ name }) => !known.has(resolve(folder, name)))
      .map(({ name, folders, hasLabelFile }): Offer => {
        const some = `${folders.slice(0, mostNames).join(', ')}${folders.length > mostNames ? ', …' : ''}`;
        const detail = hasLabelFile ? t('with a label file') : some;
        return { value: name, detail, kind, rank: 1 };
      });
    return [...listed, ...beside];
  }

  async #models(folder: string): Promise<Offer[]> {
    const points = await this.points.in(folder);
    return points.map(({ value, detail, more, isAway, isCheckpoint }) => ({
      value,
      detail,
      more,
      kind: isCheckpoint ? vscode.CompletionItemKind.Event : vscode.CompletionItemKind.Module,
      rank: isAway ? 2 : Number(isCheckpoint),
    }));
  }
}

const labelOffers = (labels: readonly string[]): Offer[] =>
  labels.map((value) => ({ value, detail: t('class of this dataset'), kind: vscode.CompletionItemKind.EnumMember }));

/** Those that are not in the list already, but for the one that is being typed. */
function remaining(known: readonly string[], text: string, path: readonly (string | number)[]): string[] {
  const own = valueAt(text, path);
  const list = typeof path.at(-1) === 'number' ? valueAt(text, path.slice(0, -1)) : undefined;
  return known.filter((name) => name === own || !Array.isArray(list) || !list.includes(name));
}

function itemOf(
  { value, detail = '', more = detail, kind, rank = 0 }: Offer,
  index: number,
  range: vscode.Range,
  isNewKey: boolean,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem({ label: value, description: detail }, kind);
  const quoted = JSON.stringify(value);
  item.range = range;
  item.insertText = quoted;
  // What is typed begins with the quote, or with the name itself.
  item.filterText = quoted;
  // Before what the schema offers, in this order.
  item.sortText = `  ${rank}${String(index).padStart(4, '0')}`;
  item.documentation = new vscode.MarkdownString().appendText(`${value}\n\n${more}`);
  if (isNewKey) item.insertText = new vscode.SnippetString().appendText(`${quoted}: `).appendPlaceholder('1');
  return item;
}
