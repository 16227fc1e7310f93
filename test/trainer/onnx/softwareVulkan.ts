/** The software Vulkan driver that comes with Debian's chromium: WebGPU where there is no GPU. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const folder = '/usr/lib/chromium';
const driver = `${folder}/vk_swiftshader_icd.json`;

/** Why WebGPU cannot be tried here; false where it can. */
export const noVulkan = existsSync(driver) ? false : `${driver} is not there (apt-get install chromium)`;

/**
 * The environment of a process that is to find the driver and, in the same folder, Vulkan's loader: they are looked for
 * when ONNX Runtime is loaded.
 */
export const vulkanEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  VK_ICD_FILENAMES: driver,
  LD_LIBRARY_PATH: folder,
  XDG_RUNTIME_DIR: tmpdir(),
});
