/**
 * Small previews of images as data URIs, made by the warm process: for what a browser cannot draw (TIFF), and for
 * places that show no file outside the workspace.
 */
import { stat } from 'node:fs/promises';
import { ShownError } from '../errors/shownError.js';
import { TrainerDied } from '../trainer/trainerDied.js';

/** Pixels of the longer side: a hover shows 200, and an editor enlarges it no further than it has to. */
export const previewSides = { hover: 200, page: 1024 } as const;

/** So many are remembered, each of some ten thousand bytes. */
const maxRemembered = 200;

export class Previews {
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(private readonly make: (path: string, side: number) => Promise<string>) {}

  /** Undefined: the trainer cannot read it either, or it is gone. */
  async of(path: string, side: number = previewSides.hover): Promise<string | undefined> {
    const file = await stat(path).catch(() => undefined);
    if (!file) return undefined;
    const key = `${file.mtimeMs} ${file.size} ${side} ${path}`;
    const known = this.#known.get(key) ?? this.#make(path, side);
    // The most recent last, so that the one used longest ago is forgotten first.
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > maxRemembered) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }

  async #make(path: string, side: number): Promise<string | undefined> {
    try {
      return await this.make(path, side);
    } catch (error) {
      // An unreadable image has no preview; what is wrong with it is said where it is classified or inspected.
      if (error instanceof ShownError || error instanceof TrainerDied) return undefined;
      throw error;
    }
  }
}
