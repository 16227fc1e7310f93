/** The language of all texts of the trainer. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as l10n from '@vscode/l10n';

/** Loads the bundle named by `VITUNE_L10N`, else the one of the locale in the environment, else English. */
export async function setLanguage(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || Intl.DateTimeFormat().resolvedOptions().locale;
  const file = env.VITUNE_L10N ?? (/^tr\b/i.test(locale.replace('_', '-')) ? await bundleOf('tr') : undefined);
  if (file) l10n.config({ contents: await readFile(file, 'utf8') });
}

/** `l10n/bundle.l10n.LANGUAGE.json` in a folder above this file, both in the sources and in the package. */
async function bundleOf(language: string): Promise<string | undefined> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'l10n', `bundle.l10n.${language}.json`);
    const isThere = await readFile(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
    if (folder === dirname(folder)) return undefined;
  }
}
