/**
 * Bundles the three parts with esbuild: the extension, the trainer, and one script and style sheet a webview; writes
 * the config's schema and the sample dataset. `--watch` rebuilds on change.
 */
import * as esbuild from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './ensure-installed.mjs';
import { writeSchemas } from './schema.mjs';
import { writeShippedSample } from './shippedSample.mjs';

/** Views are the folders of src/webview that have a main.ts; its CSS imports become the view's style sheet. */
function views() {
  const folder = join(root, 'src', 'webview');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).includes('main.ts'))
    .map((entry) => ({ in: join(folder, entry.name, 'main.ts'), out: entry.name }));
}

const sharedOptions = (release) => ({
  absWorkingDir: root,
  bundle: true,
  metafile: true,
  logLevel: 'warning',
  sourcemap: release ? false : 'linked',
  legalComments: 'none',
});
// jsonc-parser's CommonJS form hides its requires from a bundler; its `module` form does not.
const nodeOptions = (release) => ({
  ...sharedOptions(release),
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
});

/**
 * esbuild's options of the trainer's programs, written to `folder`/trainer. They keep their names, for readable stacks.
 */
export function trainerBundle(folder, release = false) {
  return {
    ...nodeOptions(release),
    entryPoints: {
      main: 'src/trainer/commandLine/main.ts',
      cli: 'src/trainer/commandLine/cli.ts',
      'data/pixelWorker': 'src/trainer/data/pixelWorker.ts',
      'data/heifWorker': 'src/trainer/data/heifWorker.ts',
    },
    outdir: join(folder, 'trainer'),
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    // A command reads no more of the program than it runs.
    splitting: true,
    external: ['onnxruntime-node', 'sharp', '@tensorflow/*'],
    // CommonJS packages inside an ES module bundle still call require for Node's own modules.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  };
}

/** esbuild's options of each bundle. `release` minifies what is loaded in the editor. */
function bundles(folder, release) {
  const shared = sharedOptions(release);
  const node = nodeOptions(release);
  return [
    {
      ...node,
      entryPoints: ['src/extension/extension.ts'],
      outfile: join(folder, 'extension.cjs'),
      format: 'cjs',
      external: ['vscode'],
      minify: release,
    },
    trainerBundle(folder, release),
    {
      ...shared,
      entryPoints: views(),
      outdir: join(folder, 'webview'),
      format: 'iife',
      target: 'chrome120',
      loader: { '.ttf': 'file', '.svg': 'text' },
      minify: release,
    },
  ];
}

/** Writes the bundles, the config's JSON Schema and the sample dataset under `folder` (default dist/) and returns esbuild's metafiles. */
export async function build({ folder = join(root, 'dist'), release = false } = {}) {
  // The names of the trainer's shared parts change with their content.
  rmSync(join(folder, 'trainer'), { recursive: true, force: true });
  const [results] = await Promise.all([
    Promise.all(bundles(folder, release).map((options) => esbuild.build(options))),
    writeSchemas({ folder }),
  ]);
  writeShippedSample(join(folder, 'sample'));
  return results.map((result) => result.metafile);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--watch')) {
    await writeSchemas();
    for (const options of bundles(join(root, 'dist'), false))
      await (await esbuild.context({ ...options, logLevel: 'info' })).watch();
  } else {
    await build();
  }
}
