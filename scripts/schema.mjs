/**
 * Writes the JSON Schemas of configs and test files in each language to dist/schema/, for the editor's completion:
 * vitune.schema.json, vitune.schema.tr.json, vitune-test.schema.json, vitune-test.schema.tr.json.
 */
import * as esbuild from 'esbuild';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './ensure-installed.mjs';

/** The schema's code with the localisation it uses, as a module of its own. */
async function schemaModule() {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    stdin: {
      contents: `export * as l10n from '@vscode/l10n'; export { configJsonSchema, testFileJsonSchema } from './src/trainer/config/jsonSchema.ts';`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle('file:///');",
    },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Languages that l10n/ has a bundle of. */
async function bundles() {
  const names = await readdir(join(root, 'l10n'));
  return names.flatMap((name) => {
    const language = /^bundle\.l10n\.(.+)\.json$/.exec(name)?.[1];
    return language ? [{ language, path: join(root, 'l10n', name) }] : [];
  });
}

/** Writes the schemas under `folder` (default dist/). */
export async function writeSchemas({ folder = join(root, 'dist') } = {}) {
  const { l10n, configJsonSchema, testFileJsonSchema } = await schemaModule();
  await mkdir(join(folder, 'schema'), { recursive: true });
  const write = (name, schema) => writeFile(join(folder, 'schema', name), `${JSON.stringify(schema, null, 2)}\n`);
  const writeAll = async (ending) => {
    await write(`vitune.schema${ending}`, configJsonSchema());
    await write(`vitune-test.schema${ending}`, testFileJsonSchema());
  };
  await writeAll('.json');
  for (const { language, path } of await bundles()) {
    l10n.config({ fsPath: path });
    await writeAll(`.${language}.json`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeSchemas();
