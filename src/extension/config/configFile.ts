/** Writes config files: from the panel's form, and new ones to fill in. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import type { TrainForm } from '../../webview/protocol.js';
import { configEnding } from '../../shared/configNames.js';

/**
 * A path as a config says it: relative to the config's folder and with `/`, so that the folder can move to another
 * machine.
 */
export function pathInConfig(folder: string, path: string): string {
  const way = relative(folder, path);
  // Another drive of Windows has no relative path.
  if (isAbsolute(way)) return path;
  return way === '' ? '.' : way.split(sep).join('/');
}

/** The text of a config in `folder` that holds the form's values; `comment` is its first line. */
export function configText(form: TrainForm, folder: string, comment: string): string {
  const { dataset, model, ...rest } = form;
  const config = {
    ...(dataset === undefined ? {} : { dataset: pathInConfig(folder, dataset) }),
    ...(model === undefined ? {} : { model: isAbsolute(model) ? pathInConfig(folder, model) : model }),
    ...rest,
  };
  return `// ${comment}\n${JSON.stringify(config, null, 2)}\n`;
}

/** A file name of anything: what no file system likes becomes a dash. */
export function fileNameOf(name: string): string {
  return name.replace(/[<>:"/\\|?*\u0000-\u001f]+/g, '-').replace(/[. ]+$/, '') || 'training';
}

/**
 * Writes the form's config into `folder` and gives its path. A file of the same content is used again; another is never
 * overwritten, since runs that came of it can be resumed by it: the name gets a number.
 */
export async function keepConfig(form: TrainForm, folder: string, comment: string): Promise<string> {
  const text = configText(form, folder, comment);
  const stem = fileNameOf(`${basename(form.dataset ?? 'training')}-${form.method.type}`);
  await mkdir(folder, { recursive: true });
  for (let number = 1; ; number++) {
    const path = join(folder, `${stem}${number === 1 ? '' : `-${number}`}${configEnding}`);
    try {
      await writeFile(path, text, { flag: 'wx' });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await readFile(path, 'utf8')) === text) return path;
    }
  }
}

/**
 * A path with the extension of a config exactly once: a dialog may return none, another one, or ours twice, since
 * dialogs append the known extension.
 */
export function asConfigPath(path: string): string {
  const ending = /\.vitune\.jsonc(\.json)?$/i.test(path) ? '.vitune.jsonc' : configEnding;
  return path.replace(/(\.vitune|\.jsonc?)+$/i, '') + ending;
}

/** The folder of a config, as the start of a dialog. */
export function configPathFor(form: TrainForm, folder: string): string {
  return join(folder, `${fileNameOf(`${basename(form.dataset ?? 'training')}-${form.method.type}`)}${configEnding}`);
}
