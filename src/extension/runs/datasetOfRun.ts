/** The dataset that a run was trained on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFiles } from '../../shared/runFolder.js';

/** The config of a run: defaults applied, paths absolute. Throws where it is not there or no JSON. */
export async function configOfRun(run: string): Promise<Record<string, unknown>> {
  const config: unknown = JSON.parse(await readFile(join(run, runFiles.config), 'utf8'));
  return typeof config === 'object' && config !== null ? { ...config } : {};
}

/** The folder or label file that a run was trained on; undefined where its config names several places or columns. */
export async function datasetOfRun(run: string): Promise<string | undefined> {
  const { dataset } = await configOfRun(run);
  return typeof dataset === 'string' ? dataset : undefined;
}
