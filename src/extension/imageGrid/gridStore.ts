/** The grids that are open, each a list of images and what is said of it, so that a reload of the window finds them. */
import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GridOffer, ImageQuery } from '../../webview/protocol.js';
import { removeKept } from '../reports/removeKept.js';
import { isMissing } from '../trainer/runFolder.js';

/** What a grid shows, beyond its images. */
export interface GridAbout {
  /** Of the tab; a later grid of the same title and heading takes its place. */
  title: string;
  heading: string;
  lead: string[];
  task: string | null;
  query: Partial<ImageQuery>;
  /** The dataset that its images are of, which can be changed in the grid. */
  dataset?: string | undefined;
  /** What is done with images without a class. */
  offers?: GridOffer;
  /** Whether new images of the dataset belong to it. */
  grows?: boolean;
}

export interface StoredGrid extends GridAbout {
  id: string;
  /** The list of its images. */
  file: string;
}

/** Grows when what is stored changes its shape: an older window's grids are then not restored. */
const format = 1;

export class GridStore {
  constructor(private readonly folder: string) {}

  /** `write` writes the list of images to a file. */
  async add(about: GridAbout, write: (file: string) => Promise<unknown>): Promise<StoredGrid> {
    const id = randomUUID();
    await mkdir(this.folder, { recursive: true });
    const file = this.#fileOf(id, 'images');
    try {
      await write(file);
      await writeFile(this.#fileOf(id, 'json'), JSON.stringify({ format, id, ...about }));
    } catch (error) {
      await this.delete(id);
      throw error;
    }
    return { ...about, id, file };
  }

  /** A grid of a list that somebody else keeps, or removes: the grid has its own name for the same bytes. */
  addOf(about: GridAbout, list: string): Promise<StoredGrid> {
    return this.add(about, (file) => link(list, file).catch(() => copyFile(list, file)));
  }

  /** Undefined: it was closed, or another version wrote it. */
  async get(id: string): Promise<StoredGrid | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
    try {
      const read = JSON.parse(await readFile(this.#fileOf(id, 'json'), 'utf8')) as StoredGrid & { format: number };
      return read.format === format ? { ...read, file: this.#fileOf(id, 'images') } : undefined;
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    await rm(this.#fileOf(id, 'json'), { force: true });
    await rm(this.#fileOf(id, 'images'), { force: true });
  }

  /** Deletes what a window left behind that ended without closing its grids. */
  clear(): Promise<void> {
    return removeKept(this.folder);
  }

  #fileOf(id: string, ending: 'json' | 'images'): string {
    return join(this.folder, `${id}.${ending}`);
  }
}
