/** The panels of image grids: they read a list, feed its view with thumbnails, and do what it says with images. */
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { ImageList } from '../../shared/imageList.js';
import type { Move } from '../../shared/imageChange.js';
import type { FromImageGrid, ImageGridState, KeptByImageGrid, ToImageGrid } from '../../webview/protocol.js';
import { commands, imageGridType } from '../contributions.js';
import { infoOf, isCancel } from '../errors/showError.js';
import { Panels } from '../webviews/panels.js';
import type { OwnMessage } from '../webviews/webviewHost.js';
import type { GridAbout, GridStore, StoredGrid } from './gridStore.js';
import { actOn, type ChangeAction, type Chosen } from './imageActions.js';
import type { ImagesProcess } from './imagesProcess.js';
import type { ThumbnailQueue } from './thumbnailQueue.js';
import { thumbnailsFor } from './viewThumbnails.js';

/** An open grid. */
interface Shown extends StoredGrid {
  /** Read when its view asks for it. */
  list?: ImageList;
  queue?: ThumbnailQueue;
  /** Ends the making of columns. */
  making?: AbortController;
  /** To its view, once there is one. */
  post?: Post;
  /** The last refresh of the list, which the next one waits for. */
  refreshing?: Promise<void>;
}

type Post = (message: ToImageGrid) => void;

export class ImageGrids implements vscode.Disposable {
  readonly #panels: Panels<Shown, ImageGridState, KeptByImageGrid, FromImageGrid, ToImageGrid>;
  readonly #shown = new Set<Shown>();
  /** Changes the images of a dataset. */
  onChange: (action: ChangeAction, chosen: Chosen) => Promise<void> = () => Promise.resolve();

  constructor(
    extension: vscode.Uri,
    private readonly store: GridStore,
    private readonly process: ImagesProcess,
    onFailure: (error: unknown) => void,
  ) {
    this.#panels = new Panels(extension, {
      type: imageGridType,
      view: 'imageGrid',
      key: ({ heading, title }) => `${heading}\n${title}`,
      title: ({ title }) => title,
      replaces: true,
      state: (shown, _, post) => {
        this.#shown.add(shown);
        shown.post = post;
        return stateOf(shown, post);
      },
      find: (kept) => store.get(kept.grid),
      onMessage: (message, shown, post) => this.#receive(message, shown, post),
      onClose: (shown) => {
        this.#shown.delete(shown);
        shown.queue?.close();
        shown.making?.abort();
        store.delete(shown.id).catch(onFailure);
      },
    });
    if (!hasTabs(imageGridType)) store.clear().catch(onFailure);
  }

  /** Shows the images of a list that `write` writes to a file. */
  async show(about: GridAbout, write: (file: string) => Promise<unknown>): Promise<void> {
    this.#panels.show(await this.store.add(about, write));
  }

  /** Shows the images of a list that lies in a file. */
  async showList(about: GridAbout, list: string): Promise<void> {
    this.#panels.show(await this.store.addOf(about, list));
  }

  /** Shows what a dataset is by now, where `moves` say that images went elsewhere. */
  async refresh(dataset: string, moves: readonly Move[] = []): Promise<void> {
    const about = [...this.#shown].filter((shown) => shown.dataset === dataset);
    await Promise.all(
      about.map(
        (shown) => (shown.refreshing = (shown.refreshing ?? Promise.resolve()).then(() => this.#renew(shown, moves))),
      ),
    );
  }

  async #renew(shown: Shown, moves: readonly Move[]): Promise<void> {
    if (!this.#shown.has(shown)) return;
    try {
      if (!(await this.process.refresh(shown.dataset!, shown.file, [...moves], shown.grows ?? false))) return;
      const bytes = await bytesOf(shown.file);
      shown.list = ImageList.of(bytes);
      shown.post?.({ type: 'refreshed', list: bytes });
    } catch (error) {
      // The grid may have been closed meanwhile.
      if (this.#shown.has(shown)) shown.post?.({ type: 'refreshFailed', error: infoOf(error) });
    }
  }

  dispose(): void {
    this.#panels.dispose();
  }

  async #receive(message: OwnMessage<FromImageGrid>, shown: Shown, post: Post): Promise<void> {
    const { list } = shown;
    if (!list) return;
    switch (message.type) {
      case 'want':
        // A row has another path after its image was moved.
        shown.queue ??= thumbnailsFor(this.process, (row) => shown.list!.pathAt(row), post);
        shown.queue.want(message.rows.filter((row) => row < list.length));
        return;
      case 'columns':
        return this.#makeColumns(shown, message.of, post);
      case 'dropColumns':
        shown.making?.abort();
        return;
      case 'map':
        await vscode.commands.executeCommand(commands.showMap, shown.dataset);
        return;
      case 'step': {
        const { undoImageChange, redoImageChange } = commands;
        await vscode.commands.executeCommand(message.direction === 'undo' ? undoImageChange : redoImageChange);
        return;
      }
      case 'act': {
        const { action } = message;
        if (action !== 'open' && action !== 'reveal' && action !== 'copyPaths')
          return this.#change(action, message.rows, shown, list);
        await actOn(
          action,
          Array.from(message.rows, (row) => list.pathAt(row)),
        );
      }
    }
  }

  async #change(action: ChangeAction, rows: Uint32Array, shown: Shown, list: ImageList): Promise<void> {
    if (shown.dataset === undefined) return;
    const label = list.choice('label', shown.task ?? undefined);
    const prediction = list.choice('prediction', shown.task ?? undefined);
    const wordAt = (column: typeof label, row: number) => column?.values[column.data[row]! - 1];
    const images = Array.from(rows, (row) => ({
      path: list.pathAt(row),
      label: label?.parts ? undefined : wordAt(label, row),
      prediction: prediction?.parts ? undefined : wordAt(prediction, row),
    }));
    const used = new Set(label?.data);
    const labels = (label?.parts?.words ?? label?.values ?? []).filter((_, i) => label?.parts || used.has(i + 1));
    await this.onChange(action, { dataset: shown.dataset, images, labels });
  }

  async #makeColumns(shown: Shown, of: 'files' | 'names', post: Post): Promise<void> {
    shown.making?.abort();
    const making = new AbortController();
    shown.making = making;
    try {
      const onProgress = (done: number, total: number) => post({ type: 'columnsProgress', of, done, total });
      const columns = await this.process.columns(shown.file, of, making.signal, onProgress);
      post({ type: 'columns', of, columns });
    } catch (error) {
      if (!isCancel(error)) post({ type: 'columnsFailed', of, error: infoOf(error) });
    }
  }
}

/** A longer list is sent in two parts: its beginning is on the screen before the rest has arrived. */
const beginning = 2000;

/** The view is sent the bytes of the list as they are; the panel keeps only what looks paths up in them. */
async function stateOf(shown: Shown, post: Post): Promise<ImageGridState> {
  const { id, heading, lead, task, query, file, offers } = shown;
  const whole = await bytesOf(file);
  const list = ImageList.of(whole);
  shown.list = list;
  // What an earlier view wished for is of no use to this one.
  shown.queue?.close();
  delete shown.queue;
  const state = { id, heading, lead, task, query, images: list.length, canChange: shown.dataset !== undefined, offers };
  if (list.length <= beginning) return { ...state, list: whole };
  post({ type: 'list', list: whole });
  return { ...state, list: list.head(beginning).toBytes().buffer };
}

async function bytesOf(file: string): Promise<ArrayBuffer> {
  const bytes = await readFile(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** Whether panels of an earlier window are still to be restored. */
export function hasTabs(type: string): boolean {
  return vscode.window.tabGroups.all.some(({ tabs }) =>
    tabs.some(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(type)),
  );
}
