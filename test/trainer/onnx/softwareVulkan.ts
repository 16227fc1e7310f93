/** The software Vulkan driver that comes with Debian's chromium: WebGPU where there is no GPU. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const folder = '/usr/lib/chromium';
const driver = `${folder}/vk_swiftshader_icd.json`;

/** The reason why WebGPU cannot be tested here; false if it can. */
export const noVulkan = existsSync(driver) ? false : `${driver} is not there (apt-get install chromium)`;

/**
 * The environment in which a process finds the driver and, in the same folder, Vulkan's loader. Both are searched when
 * ONNX Runtime is loaded.
 */
export const vulkanEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  VK_ICD_FILENAMES: driver,
  LD_LIBRARY_PATH: folder,
  XDG_RUNTIME_DIR: tmpdir(),
});
