/** The panels of image grids: they read a list, feed its view with thumbnails, and do what it says with images. */
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { ImageList } from '../../shared/imageList.js';
import type { FromImageGrid, ImageGridState, KeptByImageGrid, ToImageGrid } from '../../webview/protocol.js';
import { imageGridType } from '../contributions.js';
import { errors } from '../errors/errors.js';
import { infoOf, isCancel } from '../errors/showError.js';
import { Panels } from '../webviews/panels.js';
import type { OwnMessage } from '../webviews/webviewHost.js';
import type { GridAbout, GridStore, StoredGrid } from './gridStore.js';
import { actOn } from './imageActions.js';
import type { ImagesProcess } from './imagesProcess.js';
import { ThumbnailQueue } from './thumbnailQueue.js';

/** An open grid. */
interface Shown extends StoredGrid {
  /** Read when its view asks for it. */
  list?: ImageList;
  queue?: ThumbnailQueue;
  /** Ends the making of columns. */
  making?: AbortController;
}

type Post = (message: ToImageGrid) => void;

export class ImageGrids implements vscode.Disposable {
  readonly #panels: Panels<Shown, ImageGridState, KeptByImageGrid, FromImageGrid, ToImageGrid>;

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
      state: (shown, _, post) => stateOf(shown, post),
      find: (kept) => store.get(kept.grid),
      onMessage: (message, shown, post) => this.#receive(message, shown, post),
      onClose: (shown) => {
        shown.queue?.close();
        shown.making?.abort();
        store.delete(shown.id).catch(onFailure);
      },
    });
    if (!hasGridTabs()) store.clear().catch(onFailure);
  }

  /** Shows the images of a list that `write` writes to a file. */
  async show(about: GridAbout, write: (file: string) => Promise<unknown>): Promise<void> {
    this.#panels.show(await this.store.add(about, write));
  }

  /** Shows the images of a list that lies in a file. */
  async showList(about: GridAbout, list: string): Promise<void> {
    this.#panels.show(await this.store.addOf(about, list));
  }

  dispose(): void {
    this.#panels.dispose();
  }

  async #receive(message: OwnMessage<FromImageGrid>, shown: Shown, post: Post): Promise<void> {
    const { list } = shown;
    if (!list) return;
    switch (message.type) {
      case 'want':
        shown.queue ??= this.#queueOf(list, post);
        shown.queue.want(message.rows.filter((row) => row < list.length));
        return;
      case 'columns':
        return this.#makeColumns(shown, message.of, post);
      case 'dropColumns':
        shown.making?.abort();
        return;
      case 'act':
        await actOn(
          message.action,
          Array.from(message.rows, (row) => list.pathAt(row)),
        );
    }
  }

  #queueOf(list: ImageList, post: Post): ThumbnailQueue {
    return new ThumbnailQueue(
      (row) => this.process.thumbnail(list.pathAt(row)),
      (row, src) => post({ type: 'thumbnail', row, src }),
      (row, error, isCulprit) => {
        const info = isCulprit ? errors.imageEndsProcess(list.pathAt(row)).info : infoOf(error);
        post({ type: 'thumbnail', row, error: info });
      },
    );
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
  const { id, heading, lead, task, query, file } = shown;
  const bytes = await readFile(file);
  const whole = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const list = ImageList.of(whole);
  shown.list = list;
  // What an earlier view wished for is of no use to this one.
  shown.queue?.close();
  delete shown.queue;
  const state = { id, heading, lead, task, query, images: list.length };
  if (list.length <= beginning) return { ...state, list: whole };
  post({ type: 'list', list: whole });
  return { ...state, list: list.head(beginning).toBytes().buffer };
}

/** Whether grids of an earlier window are still to be restored. */
function hasGridTabs(): boolean {
  return vscode.window.tabGroups.all.some(({ tabs }) =>
    tabs.some(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(imageGridType)),
  );
}
