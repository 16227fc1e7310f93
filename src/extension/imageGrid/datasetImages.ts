/** Shows the images of a dataset as a grid: all of them, those of a split or class, or those with a problem. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, NumberBuilder } from '../../shared/imageListBuilder.js';
import type { ErrorInfo, ImageMark, SplitName } from '../../trainer/protocol.js';
import { marksOf as findingMarks, type ImageFinding } from '../audit/findingText.js';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/pickDataset.js';
import { splitTitle, type DatasetNode } from '../datasets/datasetsTree.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { withProgress } from '../progress.js';
import type { ImageGrids } from './imageGrids.js';
import type { ImagesProcess } from './imagesProcess.js';

const { t } = vscode.l10n;

/** Which images of a dataset. */
export interface DatasetPart {
  folder: string;
  splits?: SplitName[] | undefined;
  label?: string | undefined;
  /** Of several tasks, whose label it is. */
  task?: string | undefined;
}

export class DatasetImages {
  constructor(
    private readonly grids: ImageGrids,
    private readonly process: ImagesProcess,
    private readonly datasets: DatasetStore,
  ) {}

  async show({ folder, splits, label, task }: DatasetPart): Promise<void> {
    const name = basename(folder);
    const part = [...(label === undefined ? [] : [label]), ...(splits ? [splits.map(splitTitle).join(', ')] : [])];
    const words = { ...(label === undefined ? {} : { label: [label] }), ...(splits ? { split: splits } : {}) };
    const marks = marksOf(folder, this.datasets.knowledgeOf(folder)?.inspection?.problems ?? []);
    await this.#list(
      folder,
      {
        title: [name, ...part].join(' · '),
        heading: name,
        lead: placeOf(folder),
        task: task ?? null,
        query: { words },
      },
      marks,
      false,
    );
  }

  /** The images that problems are about, with what is wrong with each. */
  async showProblems(folder: string, heading: string, problems: readonly ErrorInfo[]): Promise<void> {
    const about = { title: heading, heading, lead: [basename(folder)], task: null, query: {} };
    await this.#list(folder, about, marksOf(folder, problems), true);
  }

  /** The images of which an audit found something; of labels that are probably wrong, those that are likelier. */
  async showFindings(folder: string, heading: string, findings: readonly ImageFinding[]): Promise<void> {
    const suggested = new Map(
      findings.flatMap((each) => (each.kind === 'label-error' ? [[each.path, each] as const] : [])),
    );
    const tasks = this.datasets.knowledgeOf(folder)?.inspection?.tasks ?? [];
    const task = (tasks.length > 1 && tasks.find(({ multiLabel }) => !multiLabel)?.name) || null;
    const query = suggested.size > 0 ? { sort: { column: 'probability', descending: true } } : {};
    const about = { title: heading, heading, lead: [basename(folder)], task, query };
    await this.#list(folder, about, findingMarks(findings), true, (list) => {
      if (suggested.size === 0) return list;
      const label = new ChoiceBuilder({ id: 'prediction' });
      const confidence = new NumberBuilder({ id: 'probability' }, 'percent');
      for (let row = 0; row < list.length; row++) {
        const own = suggested.get(list.pathAt(row));
        if (own) label.set(row, own.suggested);
        if (own) confidence.set(row, own.confidence);
      }
      return list.with(label.column(list.length), confidence.column(list.length));
    });
  }

  /** `complete` says more of the images that were listed. */
  async #list(
    folder: string,
    about: Parameters<ImageGrids['show']>[0],
    marks: ImageMark[],
    only: boolean,
    complete?: (list: ImageList) => ImageList,
  ): Promise<void> {
    await withProgress(t('Listing the images of “{0}”…', basename(folder)), (signal) =>
      this.grids.show({ ...about, dataset: folder, grows: !only }, async (file) => {
        await this.process.list(folder, file, marks, only, signal);
        if (!complete) return;
        const { buffer, byteOffset, byteLength } = await readFile(file);
        const list = ImageList.of((buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength));
        await writeFile(file, complete(list).toBytes());
      }),
    );
  }

  get commands() {
    return {
      [commands.showImages]: async (given?: DatasetNode | vscode.Uri | string) => {
        const part = isNode(given) ? partOf(given) : undefined;
        if (part) return this.show(part);
        const folder = await pickDataset(this.datasets, given);
        if (folder !== undefined) await this.show({ folder });
      },
    };
  }
}

const isNode = (given: DatasetNode | vscode.Uri | string | undefined): given is DatasetNode =>
  typeof given === 'object' && 'kind' in given;

function partOf(node: DatasetNode): DatasetPart | undefined {
  switch (node.kind) {
    case 'dataset':
      return { folder: node.folder };
    case 'split':
      return { folder: node.folder, splits: node.splits };
    case 'class':
    case 'label':
      return { folder: node.folder, label: node.label, splits: node.splits, task: node.task };
    default:
      return undefined;
  }
}

/** The folder as the workspace names it, unless the heading does so already. */
function placeOf(folder: string): string[] {
  const place = vscode.workspace.asRelativePath(folder);
  return place === basename(folder) ? [] : [place];
}

/** What is said of each image; an image and its duplicate are a group, and lie next to each other. */
function marksOf(folder: string, problems: readonly ErrorInfo[]): ImageMark[] {
  return problems.flatMap(({ file, twin, message }, i): ImageMark[] => {
    if (file === undefined || file === folder) return [];
    if (twin === undefined) return [{ path: file, message }];
    const group = String(i + 1);
    return [
      { path: file, message, group },
      { path: twin, message: t('The same image as {0}.', basename(file)), group },
    ];
  });
}
