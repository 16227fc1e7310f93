/** Every `UserError` that this program makes, by named factories: one file for each area in errors/. */
import { caches } from './caches.js';
import { calibration } from './calibration.js';
import { change } from './change.js';
import { checkpoints } from './checkpoints.js';
import { commandLine } from './commandLine.js';
import { config } from './config.js';
import { cuda } from './cuda.js';
import { datasets } from './datasets.js';
import { fromNothing } from './fromNothing.js';
import { hub } from './hub.js';
import { interchange } from './interchange.js';
import { labelFile } from './labelFile.js';
import { memory } from './memory.js';
import { methods } from './methods.js';
import { models } from './models.js';
import { onnx } from './onnx.js';
import { quantization } from './quantization.js';
import { run } from './run.js';
import { safetensors } from './safetensors.js';
import { tensorflow } from './tensorflow.js';
import { tests } from './tests.js';
import { training } from './training.js';

export { explainMemory } from './memory.js';
export { infoOf, type Place, reasonOf, UserError } from './userError.js';

export const errors = {
  ...datasets,
  ...caches,
  ...models,
  ...methods,
  ...interchange,
  ...checkpoints,
  ...training,
  ...memory,
  ...commandLine,
  calibration,
  change,
  fromNothing,
  labelFile,
  onnx,
  quantization,
  safetensors,
  cuda,
  hub,
  run,
  config,
  tensorflow,
  tests,
};
