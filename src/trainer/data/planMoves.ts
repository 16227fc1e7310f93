/** Plans a change of images in class folders: where each file, or the folder of a class, goes. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing } from '../core/files.js';
import { errors } from '../errors/errors.js';
import type { ImageChange, ImagePlan, Move } from '../../shared/imageChange.js';
import type { SplitName } from '../protocol.js';
import type { Dataset } from './dataset.js';
import { list } from './folder.js';
import { FreeNames } from './freeName.js';
import type { Changing } from './usableAfter.js';

type Moves = Pick<ImagePlan, 'moves' | 'emptied' | 'numbered'>;

/** Each image goes into the folder of its class and split; what is in folders inside a class lies in the class then. */
export async function planMoves(
  dataset: Dataset,
  change: ImageChange,
  changing: readonly Changing[],
): Promise<Moves & Pick<ImagePlan, 'trash'>> {
  const folders = new ClassFolders(dataset);
  const emptied = await emptiedBy(dataset, change, changing);
  if (change.kind === 'deleteClass')
    return { moves: [], numbered: 0, trash: changing.map(({ path }) => path), emptied };
  if (change.kind === 'renameClass') {
    const renamed = await folders.renamed(change.label, change.to);
    if (renamed) return { moves: renamed, numbered: 0, trash: [], emptied: [] };
  }
  const names = new Map<string, FreeNames>();
  const moves: Move[] = [];
  let numbered = 0;
  for (const { path, to } of changing) {
    const folder = await folders.of(to!.split, to!.label);
    let free = names.get(folder);
    if (!free) names.set(folder, (free = new FreeNames(await namesIn(folder))));
    const name = free.take(basename(path));
    if (name !== basename(path)) numbered++;
    moves.push({ from: path, to: join(folder, name) });
  }
  return { moves, numbered, trash: [], emptied };
}

/** The folders of the classes in each split, looked up once. */
class ClassFolders {
  readonly #listed = new Map<string, readonly string[]>();

  constructor(private readonly dataset: Dataset) {}

  async of(split: SplitName, label: string): Promise<string> {
    const folder = this.#splitFolder(split);
    return (await this.#named(folder, label))[0] ?? join(folder, label);
  }

  /** The folders of a class with their new name; undefined where they are not one a split, or the name is there. */
  async renamed(label: string, to: string): Promise<Move[] | undefined> {
    const moves: Move[] = [];
    for (const folder of new Set(Object.values(this.dataset.folders ?? {}))) {
      const own = await this.#named(folder, label);
      if (own.length > 1 || (await this.#named(folder, to)).length > 0) return undefined;
      for (const from of own) moves.push({ from, to: join(folder, to.normalize('NFC')) });
    }
    return moves;
  }

  async #named(folder: string, label: string): Promise<string[]> {
    let listed = this.#listed.get(folder);
    if (!listed) {
      listed = await list(folder, { problems: [] }).then(
        ({ folders }) => folders,
        // The folder of a split that is not there yet has no classes.
        () => [],
      );
      this.#listed.set(folder, listed);
    }
    return listed.filter((path) => basename(path).normalize('NFC') === label.normalize('NFC'));
  }

  /** Of a split that has no folder yet: one next to the classes, or next to that for training. */
  #splitFolder(split: SplitName): string {
    const { folders = {}, root, labels } = this.dataset;
    if (!folders[split] && labels.includes(split)) throw errors.change.splitIsClass(split);
    return folders[split] ?? join(root, split);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The folders below those of the splits that lose their last image to the change of a whole class. */
async function emptiedBy(dataset: Dataset, change: ImageChange, changing: readonly Changing[]): Promise<string[]> {
  if (change.kind !== 'renameClass' && change.kind !== 'deleteClass') return [];
  const splits = new Set(Object.values(dataset.folders ?? {}));
  const emptied = new Set<string>();
  for (const { path } of changing)
    for (
      let folder = dirname(path);
      !splits.has(folder) && folder.length > dataset.root.length;
      folder = dirname(folder)
    )
      emptied.add(folder);
  return [...emptied].sort((a, b) => b.length - a.length);
}
