/** An exported ONNX file as others run it: unchanged, with labels and preprocessing from the files next to it. */
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { TaskCalibration } from '../../shared/calibration.js';
import { tasksOf } from '../core/tasks.js';
import { parsePreprocessor } from '../data/imageProcessor.js';
import type { ImageTransform } from '../data/transform.js';
import { loadOnnxFile } from '../engine/loadOnnxFile.js';
import type { Executable } from '../engine/engine.js';
import { errors, reasonOf } from '../errors/errors.js';
import { readJson } from '../models/modelFiles.js';
import { ConfigFields } from '../nn/configFields.js';
import type { Task } from '../protocol.js';

export interface OnnxExport {
  tasks: Task[];
  transform: ImageTransform;
  /** Images [batch, height, width, 3] in, `logits` [batch, labels] out; any batch. */
  forward: Executable;
  /** The logits are calibrated already; a multi-label task may have thresholds. */
  calibration: TaskCalibration[];
}

/** What an export of ViTune reads and gives; an ONNX file of another program has other names or types. */
const [input, output] = ['images', 'logits'];

const thresholdsSchema = z.array(z.object({ task: z.string(), thresholds: z.array(z.number()).optional() }));

/**
 * Opens an exported file. Undefined: another program wrote it.
 * @throws UserError when it or a file next to it is damaged.
 */
export async function openOnnxExport(file: string): Promise<OnnxExport | undefined> {
  const near = (name: string): string => join(dirname(file), name);
  const session = await loadOnnxFile(file).catch((error: unknown) => {
    throw errors.checkpointDamaged(file, reasonOf(error));
  });
  try {
    if (session.inputs.join() === input && session.outputs.includes(output)) {
      const config = near('config.json');
      const json = (await readJson(config)) as Record<string, unknown>;
      const tasks = tasksOf(json, new ConfigFields(json, config).labels(), config);
      const preprocessor = near('preprocessor_config.json');
      const { transform } = parsePreprocessor(await readJson(preprocessor), preprocessor);
      const stored = thresholdsSchema.safeParse(json.vitune_calibration).data;
      const calibration = tasks.map(({ name }) => {
        const thresholds = stored?.find(({ task }) => task === name)?.thresholds;
        return { task: name, images: 0, temperature: 1, ...(thresholds && { thresholds }) };
      });
      return { tasks, transform, forward: session, calibration };
    }
  } catch (error) {
    await session.dispose();
    throw error;
  }
  await session.dispose();
  return undefined;
}
