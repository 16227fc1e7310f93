/** Where ONNX Runtime's part for CUDA is kept, and what of it is pinned. */
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../core/cacheFolder.js';
import pinned from './release.json' with { type: 'json' };

/** A library within the package: its deflated bytes are those from `start` to before `end`. */
export interface PinnedLibrary {
  name: string;
  start: number;
  end: number;
  size: number;
  sha256: string;
}

/** The package that has the part, by its hash. */
export interface CudaRelease {
  /** The version of ONNX Runtime that it was made for. */
  runtime: string;
  package: string;
  file: string;
  size: number;
  sha256: string;
  libraries: readonly PinnedLibrary[];
}

export const cudaRelease: CudaRelease = pinned;

/** The files of onnxruntime-node that the folder links to. */
export const runtimeFiles = { library: 'libonnxruntime.so.1', binding: 'onnxruntime_binding.node' };

/** ONNX Runtime has such a part for this system only. */
export const isCudaPlatform = process.platform === 'linux' && process.arch === 'x64';

/** All of ViTune for CUDA. */
export const cudaHome = (cache = cacheFolder()): string => join(cache, 'cuda');

/** The folder of the installed part; undefined on a system for which there is none. */
export const cudaFolder = (cache?: string): string | undefined =>
  isCudaPlatform ? join(cudaHome(cache), cudaRelease.runtime) : undefined;

/** The folder of onnxruntime-node's libraries. */
export function runtimeFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
}

/** Which release, and the cache folder of ViTune that has it. */
interface Installation {
  release: CudaRelease;
  cache: string;
}

/** The folder of a release. */
export const folderOf = ({ cache, release }: Installation): string => join(cudaHome(cache), release.runtime);

/** Whether every library is there, with its size. */
export async function isInstalled(o: Installation): Promise<boolean> {
  const sizes = await Promise.all(
    o.release.libraries.map(({ name }) =>
      stat(join(folderOf(o), name)).then(
        ({ size }) => size,
        () => undefined,
      ),
    ),
  );
  return o.release.libraries.every(({ size }, i) => sizes[i] === size);
}
