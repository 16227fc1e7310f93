/** Where @tensorflow/tfjs-node-gpu is installed, whether it is the right one, and its binding. */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errors, reasonOf } from '../../errors/errors.js';
import { threadsFromEnvironment } from '../threads.js';
import type { Binding } from './binding.js';

const packageName = '@tensorflow/tfjs-node-gpu';
/** The only version that this engine is tested with; also the peer dependency of package.json. */
export const packageVersion = '4.22.0';

/** Names the folder with the package, or a folder in whose `node_modules` it is. The editor sets it from a setting. */
const folderVariable = 'VITUNE_TENSORFLOW';

interface Installed {
  /** Of the package itself. */
  folder: string;
  version: string;
}

/**
 * The package in the folder that VITUNE_TENSORFLOW names, and only there where it is set; else in the working folder,
 * or beside ViTune.
 */
function findPackage(env: NodeJS.ProcessEnv): Installed | undefined {
  const named = env[folderVariable];
  const folders = named ? [resolve(named)] : [process.cwd(), dirname(fileURLToPath(import.meta.url))];
  for (const folder of folders) {
    const inside = createRequire(join(folder, 'package.json'));
    for (const manifest of [...(named ? ['./package.json'] : []), `${packageName}/package.json`]) {
      try {
        const path = inside.resolve(manifest);
        const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown; version?: unknown };
        if (name === packageName) return { folder: dirname(path), version: String(version) };
      } catch {
        // Not here.
      }
    }
  }
  return undefined;
}

/** The package that would be loaded. Throws a `UserError` where there is none, or one of another version. */
export function requirePackage(env: NodeJS.ProcessEnv = process.env): Installed {
  const found = findPackage(env);
  if (!found) throw errors.tensorflow.missing(packageVersion, env[folderVariable]);
  if (found.version !== packageVersion) throw errors.tensorflow.otherVersion(found, packageVersion);
  return found;
}

/** Everything on which it depends whether the package works, as a text; undefined where there is none to load. */
export function installation(env: NodeJS.ProcessEnv = process.env): string | undefined {
  let found: Installed;
  try {
    found = requirePackage(env);
  } catch {
    return undefined;
  }
  const times = ['package.json', 'lib', join('deps', 'lib')].map(
    (part) => statSync(join(found.folder, part), { throwIfNoEntry: false })?.mtimeMs,
  );
  const { CUDA_VISIBLE_DEVICES, LD_LIBRARY_PATH, PATH } = env;
  return JSON.stringify([found, times, process.version, driver(), CUDA_VISIBLE_DEVICES, LD_LIBRARY_PATH, PATH]);
}

/** The version of NVIDIA's driver, as Linux tells it. */
function driver(): string | undefined {
  try {
    return readFileSync('/proc/driver/nvidia/version', 'utf8');
  } catch {
    return undefined;
  }
}

let loaded: Binding | undefined;

/**
 * TensorFlow itself, loaded once. Throws a `UserError` where the package is missing, of another version or broken. It
 * may also end the process, so it is tried in another one first.
 */
export function loadBinding(): Binding {
  if (loaded) return loaded;
  const { folder } = requirePackage();
  const { env } = process;
  const threads = threadsFromEnvironment();
  if (threads) env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  // Its log, but for errors.
  env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Else it takes all memory of the graphics card at once, which other programs use too.
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // Else products in f32 have 10 bits of precision on newer cards.
  env.NVIDIA_TF32_OVERRIDE ??= '0';
  try {
    const tensorflow = createRequire(join(folder, 'package.json'))(folder) as { backend(): { binding: Binding } };
    loaded = tensorflow.backend().binding;
    return loaded;
  } catch (error) {
    throw errors.tensorflow.broken(folder, reasonOf(error).trim().split('\n')[0]!);
  }
}
