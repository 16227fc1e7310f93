/**
 * The peer's side: a Python environment with the pinned packages, the models that both sides start from, and runs of
 * bench/peers/.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/ensure-installed.mjs';

export const names = { ti: 'ViT-Ti/16', s: 'ViT-S/16', b: 'ViT-B/16', embedded: 'embedded model' };

/** Runs a program to its end and returns its stdout. Its stderr is shown only if it fails. */
export function run(program, args, env = {}) {
  const done = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  });
  if (done.error) throw done.error;
  if (done.status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed (${done.status ?? done.signal}):\n${done.stderr}`);
  return done.stdout;
}

/** Runs a program whose last line is JSON; `wall` is the time from the command to its end, in seconds. */
export function measure(program, args, env) {
  const start = performance.now();
  const text = run(program, args, env);
  return { ...JSON.parse(text.trimEnd().split('\n').at(-1)), wall: (performance.now() - start) / 1000 };
}

function findPython() {
  const known = process.env.PYTHON ? [process.env.PYTHON] : ['python3.11', 'python3', 'python'];
  const suits = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
  const found = known.find((name) => spawnSync(name, ['-c', suits], { stdio: 'ignore' }).status === 0);
  if (!found)
    throw new Error(
      `The peer's side needs Python 3.11 or later with venv; tried ${known.join(', ')}. Set PYTHON to such an interpreter.`,
    );
  return found;
}

/** Creates .venv if it is missing, installs the pinned requirements, and returns its interpreter. */
export function ensurePython() {
  const folder = join(root, '.venv');
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const stamp = join(folder, 'requirements-installed.txt');
  const wanted = readFileSync(join(root, 'test', 'golden', 'requirements.txt'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.error('Making the Python environment in .venv …');
  if (!existsSync(python)) run(findPython(), ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '-r', join('bench', 'peers', 'requirements.txt')]);
  writeFileSync(stamp, wanted);
  return python;
}

/**
 * A Hugging Face folder that both sides open: a ViT with random weights, or the embedded one, with the same head for
 * `labels` on both sides.
 */
export function ensureModel(python, model, labels) {
  const weights = join(root, 'media', 'embedded', 'model.safetensors');
  const version =
    model === 'embedded' ? `-${createHash('sha256').update(readFileSync(weights)).digest('hex').slice(0, 8)}` : '';
  const folder = join(root, 'build', 'bench', `vit-${model}-${labels}${version}`);
  if (existsSync(join(folder, 'model.safetensors'))) return folder;
  mkdirSync(folder, { recursive: true });
  run(python, [
    join('bench', 'peers', 'make_model.py'),
    folder,
    model === 'embedded' ? join('media', 'embedded') : model,
    '--labels',
    `${labels}`,
  ]);
  return folder;
}
