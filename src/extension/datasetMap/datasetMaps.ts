/** The panels of maps: they have the trainer place the images of a dataset, and show selected ones as a grid. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { ImageList } from '../../shared/imageList.js';
import type { DatasetMapState, FromDatasetMap, KeptByDatasetMap, ToDatasetMap } from '../../webview/protocol.js';
import { reportAudit } from '../audit/auditProgress.js';
import { commands, datasetMapType } from '../contributions.js';
import { pickDataset, type DatasetArgument } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import type { GridStore, StoredGrid } from '../imageGrid/gridStore.js';
import { actOn } from '../imageGrid/imageActions.js';
import { hasTabs, type ImageGrids } from '../imageGrid/imageGrids.js';
import type { ImagesProcess } from '../imageGrid/imagesProcess.js';
import type { ThumbnailQueue } from '../imageGrid/thumbnailQueue.js';
import { thumbnailsFor } from '../imageGrid/viewThumbnails.js';
import { withProgress } from '../progress.js';
import type { Launch } from '../trainer/launch.js';
import { runCommand } from '../trainer/runCommand.js';
import { Panels } from '../webviews/panels.js';
import type { OwnMessage } from '../webviews/webviewHost.js';

const { t } = vscode.l10n;

/** An open map. */
interface Shown extends StoredGrid {
  /** Read when its view asks for it. */
  list?: ImageList;
  queue?: ThumbnailQueue;
}

export class DatasetMaps implements vscode.Disposable {
  readonly #panels: Panels<Shown, DatasetMapState, KeptByDatasetMap, FromDatasetMap, ToDatasetMap>;

  constructor(
    extension: vscode.Uri,
    /** A map is kept as a grid is: a list of images and what is said of it. */
    private readonly store: GridStore,
    private readonly process: ImagesProcess,
    private readonly grids: ImageGrids,
    private readonly launch: Launch,
    private readonly datasets: DatasetStore,
    onFailure: (error: unknown) => void,
  ) {
    this.#panels = new Panels(extension, {
      type: datasetMapType,
      view: 'datasetMap',
      key: ({ dataset }) => dataset!,
      title: ({ title }) => title,
      replaces: true,
      state: stateOf,
      find: (kept) => store.get(kept.map),
      onMessage: (message, shown, post) => this.#receive(message, shown, post),
      onClose: ({ id, queue }) => {
        queue?.close();
        store.delete(id).catch(onFailure);
      },
    });
    if (!hasTabs(datasetMapType)) store.clear().catch(onFailure);
  }

  /** Places the images of a dataset, or finds the map that is kept, and shows it. */
  async show(dataset: string): Promise<void> {
    const name = basename(dataset);
    const about = {
      title: t('Map of {0}', name),
      heading: t('Map of {0}', name),
      lead: [
        t(
          'Images that look alike to the model lie near each other. Predictions are of a head that was not trained on the image.',
        ),
      ],
      task: null,
      query: {},
      dataset,
    };
    const stored = await withProgress(t('Making the map of “{0}”…', name), (signal, report) =>
      this.store.add(about, (file) =>
        runCommand(this.launch, 'map', {
          args: [dataset, '--list', file],
          signal,
          onOutput(output) {
            if (output.type === 'progress') reportAudit(output, report);
          },
        }),
      ),
    );
    this.#panels.show(stored);
  }

  get commands() {
    return {
      [commands.showMap]: async (given?: DatasetArgument) => {
        const folder = await pickDataset(this.datasets, given);
        if (folder !== undefined) await this.show(folder);
      },
    };
  }

  dispose(): void {
    this.#panels.dispose();
  }

  async #receive(
    message: OwnMessage<FromDatasetMap>,
    shown: Shown,
    post: (message: ToDatasetMap) => void,
  ): Promise<void> {
    const { list } = shown;
    if (!list) return;
    switch (message.type) {
      case 'want':
        shown.queue ??= thumbnailsFor(this.process, (row) => list.pathAt(row), post);
        shown.queue.want(message.rows.filter((row) => row < list.length));
        return;
      case 'open':
        return actOn('open', [list.pathAt(message.row)]);
      case 'grid': {
        const name = basename(shown.dataset!);
        const about = {
          title: t('{0}, from the map', name),
          heading: name,
          lead: [t('Images of the map.')],
          task: list.columns.find(({ id }) => id === 'prediction')?.task ?? null,
          query: {},
          dataset: shown.dataset,
        };
        const images = list.without('x', 'y').pick(message.rows);
        await this.grids.show(about, (file) => writeFile(file, images.toBytes()));
      }
    }
  }
}

/** The view is sent the bytes of the list as they are. */
async function stateOf(shown: Shown): Promise<DatasetMapState> {
  const { id, heading, lead, file } = shown;
  const bytes = await readFile(file);
  const list = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  shown.list = ImageList.of(list);
  // What an earlier view wished for is of no use to this one.
  shown.queue?.close();
  delete shown.queue;
  return { id, heading, lead, list };
}
