/** The images of a run with its predictions: computed when first asked for, kept until its dashboard is closed. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { CoveredEvaluation } from '../../trainer/protocol.js';
import type { FromDashboard } from '../../webview/protocol.js';
import type { AcceptedShare } from '../classify/acceptedShare.js';
import { errors } from '../errors/errors.js';
import { evaluateImages, gridLead } from '../evaluate/evaluationImages.js';
import { formats } from '../formats.js';
import type { ImageGrids } from '../imageGrid/imageGrids.js';
import { withProgress } from '../progress.js';
import { datasetOfRun } from '../runs/datasetOfRun.js';
import type { Run } from '../runs/run.js';
import type { Launch } from '../trainer/launch.js';

const { t } = vscode.l10n;

interface Predicted {
  list: string;
  evaluation: CoveredEvaluation;
}

export class RunImages {
  /** By run, checkpoint, split and what counts as known. */
  readonly #known = new Map<string, { run: string; predicted: Promise<Predicted> }>();

  constructor(
    private readonly folder: string,
    private readonly grids: ImageGrids,
    private readonly launch: Launch,
    private readonly accepted: AcceptedShare,
  ) {}

  async show(run: Run, message: Extract<FromDashboard, { type: 'showImages' }>): Promise<void> {
    const { split, step, title, task, query } = message;
    const checkpoint = run.checkpoints.find((row) => row.step === step) ?? run.bestCheckpoint;
    if (!checkpoint) throw errors.noCheckpoint();
    const { list, evaluation } = await this.#predicted(run, checkpoint.path, split);
    const lead = [
      ...gridLead(evaluation),
      t('Predictions of the checkpoint at step {0}', formats().integer(checkpoint.step)),
    ];
    const dataset = await datasetOfRun(run.folder);
    await this.grids.showList({ title, heading: run.info.name, lead, task, query, dataset }, list);
  }

  /** Deletes what was computed for a run. */
  async forget(folder: string): Promise<void> {
    for (const [key, { run, predicted }] of this.#known) {
      if (run !== folder) continue;
      this.#known.delete(key);
      const known = await predicted.catch(() => undefined);
      if (known) await rm(known.list, { force: true });
    }
  }

  /** Deletes what an earlier window left behind. */
  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #predicted(run: Run, checkpoint: string, split: 'validation' | 'test'): Promise<Predicted> {
    const key = JSON.stringify([run.folder, checkpoint, split, this.accepted.current]);
    const known = this.#known.get(key);
    if (known) return known.predicted;
    const predicted = this.#predict(run.info.name, checkpoint, split);
    this.#known.set(key, { run: run.folder, predicted });
    // What was cancelled or failed is tried again with the next wish.
    predicted.catch(() => this.#known.delete(key));
    return predicted;
  }

  async #predict(name: string, checkpoint: string, split: 'validation' | 'test'): Promise<Predicted> {
    await mkdir(this.folder, { recursive: true });
    const list = join(this.folder, `${randomUUID()}.images`);
    const title =
      split === 'test'
        ? t('Classifying the test images of “{0}”…', name)
        : t('Classifying the validation images of “{0}”…', name);
    const args = ['--checkpoint', checkpoint, '--split', split];
    const evaluation = await withProgress(title, (signal, report) =>
      evaluateImages(this.launch, args, this.accepted, list, signal, report),
    );
    return { list, evaluation };
  }
}
