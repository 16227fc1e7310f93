/**
 * ONNX Runtime looks for its part for CUDA beside its own library. So where that part was installed, the library is
 * loaded from a folder that has both: when onnxruntime-node asks for it, the system's loader takes the one of this name
 * that is already there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cudaFolder, runtimeFiles } from './folder.js';

/** To be called before onnxruntime-node is loaded. Does nothing where the part is not installed. */
export function preloadRuntime(): void {
  const folder = cudaFolder();
  if (folder === undefined) return;
  // False as well for a link to a package that is gone, as after an update of the extension.
  const binding = join(folder, runtimeFiles.binding);
  if (existsSync(binding) && existsSync(join(folder, runtimeFiles.library))) process.dlopen({ exports: {} }, binding);
}
