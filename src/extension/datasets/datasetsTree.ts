/** The tree "Datasets": folders, their splits, classes and images. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { SplitName } from '../../trainer/protocol.js';
import type { RunChanges } from '../again/runChanges.js';
import { commands, type ContextWord } from '../contributions.js';
import type { Previews } from '../images/previews.js';
import { classesText, count, imagesText } from '../runs/count.js';
import { isMissing } from '../trainer/runFolder.js';
import { imagesIn, lacksClasses, type DatasetStore } from './datasetStore.js';
import { imagesBelow } from './images.js';

const { t } = vscode.l10n;

/** A class may hold thousands of images; beyond these the Explorer is the better place to look. */
const maxImages = 500;

/** A class of a dataset, or of one split of it. */
interface ClassPart {
  folder: string;
  splits: SplitName[] | undefined;
  /** Of several tasks, whose class it is. */
  task: string | undefined;
  label: string;
  images: number;
}

export type DatasetNode =
  | { kind: 'dataset'; folder: string }
  | { kind: 'split'; folder: string; split: SplitName; splits: SplitName[]; path: string; title: string }
  | ({ kind: 'class'; path: string } & ClassPart)
  // The images of a class that a label file names lie anywhere.
  | ({ kind: 'label'; id: string } & ClassPart)
  | { kind: 'image'; path: string }
  | { kind: 'more'; folder: string; count: number };

export class DatasetsTree implements vscode.TreeDataProvider<DatasetNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<DatasetNode | undefined>();
  readonly #nodes = new Map<string, DatasetNode>();
  readonly #subscription: vscode.Disposable;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    private readonly datasets: DatasetStore,
    private readonly previews: Previews,
    private readonly changes: RunChanges,
  ) {
    this.#subscription = vscode.Disposable.from(
      datasets.onChange((folder) => this.#changed.fire(folder === undefined ? undefined : this.#nodes.get(folder))),
      changes.onChange(() => this.#changed.fire(undefined)),
    );
  }

  /** The node of a dataset, for `TreeView.reveal`. */
  nodeOf(folder: string): DatasetNode {
    const node = this.#nodes.get(folder) ?? { kind: 'dataset', folder };
    this.#nodes.set(folder, node);
    return node;
  }

  getParent(): undefined {
    // Only datasets are ever revealed, and they are at the root.
    return undefined;
  }

  async getChildren(node?: DatasetNode): Promise<DatasetNode[]> {
    switch (node?.kind) {
      case undefined:
        return this.datasets.folders.map((folder) => {
          this.datasets.look(folder);
          return this.nodeOf(folder);
        });
      case 'dataset':
        return this.#partsOf(node.folder);
      case 'split':
        return this.#classesOf(node.folder, node.path, node.split, node.splits);
      case 'class':
        return imageNodes(node.path);
      default:
        return [];
    }
  }

  getTreeItem(node: DatasetNode): vscode.TreeItem {
    const { Collapsed, None } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'dataset':
        return this.#datasetItem(node.folder);
      case 'split':
        return item(node.title, Collapsed, {
          iconPath: new vscode.ThemeIcon('folder-library'),
          contextValue: words('folder', 'images'),
          accessibilityInformation: { label: node.title },
          id: node.path,
        });
      case 'class':
        return item(node.label, Collapsed, {
          ...ofClass(node),
          contextValue: words('folder', 'images', 'class'),
          id: node.path,
        });
      case 'label':
        return item(node.label, None, { ...ofClass(node), contextValue: words('images', 'class'), id: node.id });
      case 'image':
        return item(basename(node.path), None, {
          resourceUri: vscode.Uri.file(node.path),
          iconPath: vscode.ThemeIcon.File,
          contextValue: words('image'),
          // With a resource the path would be read out.
          accessibilityInformation: { label: basename(node.path) },
          command: {
            command: commands.openWithPredictions,
            title: t('Open with Predictions'),
            arguments: [vscode.Uri.file(node.path)],
          },
          id: node.path,
        });
      case 'more':
        return item(t('{0} more…', count(node.count)), None, {
          command: {
            command: commands.reveal,
            title: t('Reveal in Explorer'),
            arguments: [node.folder],
          },
        });
    }
  }

  /** The hover of an image is the image, created on request. */
  async resolveTreeItem(given: vscode.TreeItem, node: DatasetNode): Promise<vscode.TreeItem> {
    if (node.kind !== 'image') return given;
    const src = await this.previews.of(node.path);
    given.tooltip = src === undefined ? node.path : preview(src, node.path);
    return given;
  }

  dispose(): void {
    vscode.Disposable.from(this.#changed, this.#subscription).dispose();
  }

  #datasetItem(folder: string): vscode.TreeItem {
    const known = this.datasets.knowledgeOf(folder);
    const common = { id: folder, contextValue: words('dataset', 'folder', 'images'), tooltip: folder };
    const { Collapsed, None } = vscode.TreeItemCollapsibleState;
    if (!known)
      return item(basename(folder), Collapsed, {
        ...common,
        description: t('inspecting…'),
        accessibilityInformation: { label: `${basename(folder)}, ${t('inspecting…')}` },
        iconPath: new vscode.ThemeIcon('loading~spin'),
      });
    if (known.error && lacksClasses(known.error)) {
      const description = t('no classes yet');
      return item(basename(folder), None, {
        ...common,
        contextValue: words('dataset', 'folder', 'unlabelled'),
        description,
        accessibilityInformation: { label: `${basename(folder)}, ${description}` },
        tooltip: [folder, known.error.message, howToClass()].join('\n'),
        iconPath: new vscode.ThemeIcon('file-media'),
      });
    }
    if (known.error) {
      const { message, remedy } = known.error;
      const icon = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
      return item(basename(folder), None, {
        ...common,
        description: message,
        accessibilityInformation: { label: `${basename(folder)}, ${message}` },
        tooltip: `${folder}\n${message}\n${remedy}`,
        iconPath: icon,
      });
    }
    const { inspection, read } = known;
    const problems = inspection.problems.length;
    const parts = [imagesText(imagesIn(inspection)), classesText(inspection.labels.length)];
    const since = this.changes.sinceNewest(folder);
    if (since) {
      parts.unshift(t('{0} since “{1}”', since.words, since.run.info.name));
    }
    const hasLoose = inspection.problems.some(({ code }) => code === 'IMAGES_OUTSIDE_CLASSES');
    common.contextValue = words(
      'dataset',
      'folder',
      'images',
      ...(since ? ['changed' as const] : []),
      ...(hasLoose ? ['unlabelled' as const] : []),
    );
    if (read)
      parts.push(
        read.isStopped
          ? t('check stopped after {0} of {1} images', count(read.done), count(read.total))
          : t('{0} of {1} images checked…', count(read.done), count(read.total)),
      );
    if (problems > 0) parts.push(problems === 1 ? t('1 problem') : t('{0} problems', count(problems)));
    const icon =
      inspection.problems.length > 0
        ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
        : new vscode.ThemeIcon('file-media');
    return item(basename(folder), Collapsed, {
      ...common,
      description: parts.join(' · '),
      accessibilityInformation: { label: [basename(folder), ...parts].join(', ') },
      iconPath: icon,
    });
  }

  async #partsOf(folder: string): Promise<DatasetNode[]> {
    const known = this.datasets.knowledgeOf(folder) ?? (await this.datasets.inspect(folder));
    if (!known.inspection) return [];
    const { folders, splits } = known.inspection;
    if (!folders) return this.#classesOf(folder);
    const isSeeded = splits === 'seeded';
    const places = Object.entries(folders) as [SplitName, string][];
    if (isSeeded && places.length === 1) return this.#classesOf(folder, folders.train);
    return places.map(([split, path]): DatasetNode => {
      const title = isSeeded && split === 'train' ? t('Training and Validation') : splitTitle(split);
      const ofSeed: SplitName[] = ['train', 'validation'];
      return { kind: 'split', folder, split, splits: isSeeded && split === 'train' ? ofSeed : [split], path, title };
    });
  }

  /** The classes of a split, else of the dataset; `parent` holds their folders. */
  async #classesOf(folder: string, parent?: string, split?: SplitName, splits?: SplitName[]): Promise<DatasetNode[]> {
    const inspection = this.datasets.knowledgeOf(folder)?.inspection;
    if (!inspection) return [];
    const isSeeded = inspection.splits === 'seeded';
    const names = new Map(
      parent === undefined ? [] : (await readdir(parent)).map((name) => [name.normalize('NFC'), name]),
    );
    return inspection.counts.map((row): DatasetNode => {
      const { label } = row;
      const name = names.get(label);
      const images =
        split === undefined
          ? row.train + row.validation + row.test
          : row[split] + (isSeeded && split === 'train' ? row.validation : 0);
      const task = inspection.tasks && inspection.tasks.length > 1 ? inspection.tasks[0]!.name : undefined;
      const part: ClassPart = { folder, splits, task, label, images };
      if (parent === undefined || name === undefined)
        return { kind: 'label', id: `${folder}:${split ?? ''}:${label}`, ...part };
      return { kind: 'class', path: join(parent, name), ...part };
    });
  }
}

const howToClass = (): string =>
  t('Group its images and name the groups, or put the images of each class into a folder of its own.');

const ofClass = ({ label, images }: { label: string; images: number }) => ({
  description: count(images),
  accessibilityInformation: { label: `${label}, ${imagesText(images)}` },
  iconPath: new vscode.ThemeIcon('tag'),
});

async function imageNodes(folder: string): Promise<DatasetNode[]> {
  try {
    const images = await imagesBelow(folder);
    const nodes: DatasetNode[] = images.slice(0, maxImages).map((path) => ({ kind: 'image', path }));
    if (images.length > maxImages) nodes.push({ kind: 'more', folder, count: images.length - maxImages });
    return nodes;
  } catch (error) {
    // A class of one split need not have a folder in another.
    if (isMissing(error)) return [];
    throw error;
  }
}

function item(label: string, state: vscode.TreeItemCollapsibleState, rest: Partial<vscode.TreeItem>): vscode.TreeItem {
  return Object.assign(new vscode.TreeItem(label, state), rest);
}

function words(...list: ContextWord[]): string {
  return list.join(' ');
}

/** A data URI, since a hover shows no file outside the workspace, and below it the path as text. */
function preview(src: string, path: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.supportHtml = true;
  text.appendMarkdown(`<img src="${src}" alt="">\n\n`);
  text.appendText(path);
  return text;
}

export function splitTitle(split: SplitName): string {
  return { train: t('Training'), validation: t('Validation'), test: t('Test') }[split];
}
