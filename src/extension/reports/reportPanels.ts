/** The panels of reports: each shows what it was kept as, and is kept until it is closed. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { FromReport, KeptByReport, Report, ReportAction, ReportState, ToReport } from '../../webview/protocol.js';
import { isOfImages } from '../audit/findingText.js';
import { commands, reportType } from '../contributions.js';
import { confusedQuery, confusedTitle, gridLead } from '../evaluate/evaluationImages.js';
import type { DatasetImages } from '../imageGrid/datasetImages.js';
import type { GridAbout } from '../imageGrid/gridStore.js';
import type { ImageGrids } from '../imageGrid/imageGrids.js';
import type { Previews } from '../images/previews.js';
import { Panels } from '../webviews/panels.js';
import type { OwnMessage } from '../webviews/webviewHost.js';
import { reportOf, type ReportData, type ReportKind } from './reportKinds.js';
import type { ReportStore, StoredReport } from './reportStore.js';

interface Shown extends StoredReport {
  page: Report;
}

export class ReportPanels implements vscode.Disposable {
  readonly #panels: Panels<Shown, ReportState, KeptByReport, FromReport, ToReport>;

  constructor(
    extension: vscode.Uri,
    private readonly store: ReportStore,
    private readonly previews: Previews,
    private readonly grids: ImageGrids,
    private readonly datasetImages: DatasetImages,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#panels = new Panels(extension, {
      type: reportType,
      view: 'report',
      key: ({ page }) => page.title,
      title: ({ page }) => page.title,
      replaces: true,
      folders: ({ page }) => [...new Set(imagesOf(page).map(dirname))].map((folder) => vscode.Uri.file(folder)),
      state: ({ id, page }, webview) => ({ id, report: page, images: addressesOf(page, webview) }),
      find: async (kept) => {
        const stored = await store.get(kept.report);
        return stored && shownOf(stored);
      },
      onMessage: (message, shown, post) => this.#receive(message, shown, post),
      onClose: (shown) => void this.#forget(shown).catch(onFailure),
    });
    if (!hasReportTabs()) store.clear().catch(onFailure);
  }

  async show<Kind extends ReportKind>(kind: Kind, data: ReportData[Kind]): Promise<void> {
    this.#panels.show(shownOf(await this.store.add(kind, data)));
  }

  /** A file for what a report names, such as the list of its images. */
  newFile(): Promise<string> {
    return this.store.newFile();
  }

  dispose(): void {
    this.#panels.dispose();
  }

  async #forget({ id, data }: Shown): Promise<void> {
    await this.store.delete(id);
    // Lists of images are kept as long as their report.
    const { list } = data as Partial<ReportData['evaluation']>;
    const { flips, changed } = data as Partial<ReportData['runs']>;
    for (const file of [list, flips, changed]) if (file !== undefined) await rm(file, { force: true });
  }

  async #receive(message: OwnMessage<FromReport>, shown: Shown, post: (message: ToReport) => void): Promise<void> {
    switch (message.type) {
      case 'openImage':
        await vscode.commands.executeCommand(commands.openWithPredictions, message.path);
        return;
      case 'imageFailed':
        post({ type: 'preview', path: message.path, src: (await this.previews.of(message.path)) ?? null });
        return;
      case 'act':
        return this.#act(message.action, shown);
    }
  }

  async #showEvaluated(about: Pick<GridAbout, 'title' | 'task' | 'query'>, shown: Shown): Promise<void> {
    const { evaluation, list, dataset } = shown.data as ReportData['evaluation'];
    const grid = { ...about, heading: shown.page.title, lead: gridLead(evaluation), dataset };
    await this.grids.showList(grid, list);
  }

  async #act(action: ReportAction, shown: Shown): Promise<void> {
    switch (action.type) {
      case 'trainDataset':
        await vscode.commands.executeCommand(commands.trainDataset, action.dataset);
        return;
      case 'showConfused': {
        const { task } = action;
        await this.#showEvaluated(
          { ...action, title: confusedTitle(action), task, query: confusedQuery(action) },
          shown,
        );
        return;
      }
      case 'showImages':
        return this.#showEvaluated(action, shown);
      case 'showList': {
        const { dataset, [action.list]: list } = shown.data as ReportData['runs'];
        const { title, task, query } = action;
        await this.grids.showList({ title, heading: shown.page.title, lead: [], task, query, dataset }, list);
        return;
      }
      case 'showClass': {
        const { dataset: folder, label, task } = action;
        return this.datasetImages.show({ folder, label, task: task ?? undefined });
      }
      case 'showDataset':
        return this.datasetImages.show({ folder: action.dataset });
      case 'showMap':
        await vscode.commands.executeCommand(commands.showMap, action.dataset);
        return;
      case 'showFindings': {
        const { folder, findings } = shown.data as ReportData['audit'];
        const found = findings.filter(isOfImages).filter(({ kind }) => kind === action.kind);
        return this.datasetImages.showFindings(folder, action.heading, found);
      }
      case 'showProblems': {
        const { folder, inspection } = shown.data as ReportData['inspection'];
        const problems = inspection.problems.filter(({ code }) => code === action.code);
        return this.datasetImages.showProblems(folder, action.heading, problems);
      }
    }
  }
}

const shownOf = (stored: StoredReport): Shown => ({ ...stored, page: reportOf(stored) });

/** The paths of the images in a report's tables. */
function imagesOf({ blocks }: Report): string[] {
  return blocks.flatMap((block) => {
    if (block.kind !== 'table') return [];
    const column = block.columns.findIndex(({ kind }) => kind === 'image');
    return column < 0
      ? []
      : block.rows.flatMap(({ cells }) => (typeof cells[column] === 'string' ? cells[column] : []));
  });
}

function addressesOf(page: Report, webview: vscode.Webview): Record<string, string> {
  return Object.fromEntries(
    imagesOf(page).map((path) => [path, webview.asWebviewUri(vscode.Uri.file(path)).toString()]),
  );
}

/** Whether reports of an earlier window are still to be restored. */
function hasReportTabs(): boolean {
  return vscode.window.tabGroups.all.some(({ tabs }) =>
    tabs.some(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(reportType)),
  );
}
