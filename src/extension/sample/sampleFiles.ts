/** The sample dataset that comes with the extension, put where the user's own files are. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder's name beside the user's files. */
export const sampleName = 'vitune-sample';

export interface Sample {
  /** The folder with a folder for each class. */
  dataset: string;
  /** Images that are not in the dataset, in the order of their names. */
  images: string[];
}

/** Copies the sample `source` into `home`; what is there already stays as it is. */
export async function copySample(source: string, home: string): Promise<Sample> {
  const folder = join(home, sampleName);
  await cp(source, folder, { recursive: true, force: false });
  const apart = join(folder, 'new images');
  const names = (await readdir(apart)).sort();
  return { dataset: join(folder, 'emoji'), images: names.map((name) => join(apart, name)) };
}
