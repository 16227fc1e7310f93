/** Every `UserError` that this program makes, by named factories: one file an area in errors/. */
import { caches } from './errors/caches.js';
import { checkpoints } from './errors/checkpoints.js';
import { commandLine } from './errors/commandLine.js';
import { config } from './errors/config.js';
import { datasets } from './errors/datasets.js';
import { hub } from './errors/hub.js';
import { interchange } from './errors/interchange.js';
import { labelFile } from './errors/labelFile.js';
import { methods } from './errors/methods.js';
import { models } from './errors/models.js';
import { onnx } from './errors/onnx.js';
import { run } from './errors/run.js';
import { safetensors } from './errors/safetensors.js';
import { training } from './errors/training.js';

export { infoOf, type Place, reasonOf, UserError } from './errors/userError.js';

export const errors = {
  ...datasets,
  ...caches,
  ...models,
  ...methods,
  ...interchange,
  ...checkpoints,
  ...training,
  ...commandLine,
  labelFile,
  onnx,
  safetensors,
  hub,
  run,
  config,
};
