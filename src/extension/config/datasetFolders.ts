/** Folders that a config may name as its dataset, found by their look: without opening a file. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isImage } from '../datasets/images.js';

export interface DatasetFolder {
  /** Below the folder that was searched, with `/`. */
  name: string;
  /** The names of the folders in it: of classes or splits. */
  folders: string[];
  hasLabelFile: boolean;
}

/** Folders with these names hold no datasets. */
const passedOver = /^(\.|node_modules$|runs$|dist$|__pycache__$)/;
/** As deep as people put their images below a project. */
const deepest = 3;
/** In so many of a folder's folders images are looked for. */
const samples = 3;
/** A folder with more folders than these is not gone through. */
const mostFolders = 500;

interface Content {
  folders: string[];
  images: boolean;
  labelFile: boolean;
}

async function contentOf(path: string): Promise<Content> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((each) => each.isDirectory() || each.isSymbolicLink()).map(({ name }) => name);
  return {
    folders: folders.filter((name) => !passedOver.test(name) && !isImage(name)),
    images: entries.some((each) => each.isFile() && isImage(each.name)),
    labelFile: entries.some((each) => each.isFile() && /\.csv$/i.test(each.name)),
  };
}

/** The datasets in `folder` and below, in the order of their names. */
export async function datasetFolders(folder: string, depth = deepest): Promise<DatasetFolder[]> {
  const { folders } = await contentOf(folder);
  const found = await Promise.all(
    folders.slice(0, mostFolders).map(async (name): Promise<DatasetFolder[]> => {
      const path = join(folder, name);
      const content = await contentOf(path);
      const isDataset = content.labelFile || (await holdsClasses(path, content));
      if (isDataset) return [{ name, folders: content.folders.sort(), hasLabelFile: content.labelFile }];
      if (depth <= 1 || content.images) return [];
      const inner = await datasetFolders(path, depth - 1);
      return inner.map((each) => ({ ...each, name: `${name}/${each.name}` }));
    }),
  );
  return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether its folders are classes, with images, or splits, with classes in them. */
async function holdsClasses(path: string, { folders }: Content): Promise<boolean> {
  if (folders.length < 2) return false;
  const inner = await Promise.all(folders.slice(0, samples).map((name) => contentOf(join(path, name))));
  if (inner.some(({ images }) => images)) return true;
  const isSplit = folders.some((name) => /^train(ing)?$/i.test(name));
  return isSplit && inner.some((each) => each.folders.length > 1);
}
