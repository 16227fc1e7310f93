/**
 * Packs the GPU benchmark into build/gpu/ for a machine with a graphics card but without network and Node: this Node's
 * binary, ONNX Runtime for Linux x64, the bundled bench and models, e.g. ViT-Ti, ViT-S and ViT-B. Run it there with:
 *
 *     tar -xJf gpu.tar.xz && ./gpu/node gpu/gpu.mjs gpu/models/*
 *
 *     node bench/gpu/pack.mjs MODEL_FOLDER...
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ensureInstalled, root } from '../../scripts/ensure-installed.mjs';
import { readArguments } from '../arguments.mjs';

const { positionals: models } = readArguments('node bench/gpu/pack.mjs', {}, 'MODEL_FOLDER...');
ensureInstalled();
const { build } = await import('esbuild');
const out = join(root, 'build', 'gpu');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(root, 'bench', 'gpu', 'gpu.ts')],
  outfile: join(out, 'gpu.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  mainFields: ['module', 'main'],
  external: ['onnxruntime-node', 'sharp'],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
cpSync(process.execPath, join(out, 'node'));
chmodSync(join(out, 'node'), 0o755);
for (const model of models) cpSync(model, join(out, 'models', basename(resolve(model))), { recursive: true });
for (const name of ['onnxruntime-node', 'onnxruntime-common']) {
  cpSync(join(root, 'node_modules', name), join(out, 'node_modules', name), {
    recursive: true,
    // The binaries of other platforms are six times as large.
    filter: (path) => !/[\\/]bin[\\/]napi-v\d+[\\/](?!linux(?:[\\/]|$))|[\\/]linux[\\/]arm64/.test(path),
  });
}
const archive = join(root, 'build', 'gpu.tar.xz');
const { status } = spawnSync('tar', ['-cJf', archive, '-C', join(root, 'build'), 'gpu'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
console.log(`${archive}: ${(statSync(archive).size / 2 ** 20).toFixed(0)} MiB`);
