/**
 * Writes every model with a head in every precision for Python to load: `node --import tsx test/golden/precisions.ts
 * FOLDER`, then `python test/golden/check_precisions.py FOLDER` in an environment with onnx and onnxruntime.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeightStore } from '../../src/trainer/compile/weightStore.js';
import { Random } from '../../src/trainer/core/random.js';
import type { Shape } from '../../src/trainer/ir/op.js';
import { sizeOf } from '../../src/trainer/ir/shape.js';
import { isHeadOf } from '../../src/trainer/nn/networkMap.js';
import type { Batch } from '../../src/trainer/data/store.js';
import { UserError } from '../../src/trainer/errors/errors.js';
import { narrowModel } from '../../src/trainer/export/narrowModel.js';
import { exportGraphs, writeOnnx } from '../../src/trainer/export/onnxExport.js';
import { OnnxRun } from '../../src/trainer/export/onnxRun.js';
import { openModel } from '../../src/trainer/models/openModel.js';
import { precisionNames } from '../../src/shared/precisions.js';
import { golden } from '../trainer/models/goldenCheckpoint.js';

const [count, side] = [16, 32];
const [folder] = process.argv.slice(2);
const images = new Uint8Array(await readFile(join(golden, 'images.bin')));
for (const name of await readdir(join(golden, 'models'))) {
  const model = await openModel(join(golden, 'models', name)).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (model?.preprocessor.transform.height !== side || model.preprocessor.transform.width !== side) continue;
  // Most of the models are bodies.
  const random = new Random(1, 'head', name);
  const heads = new Map<string, Float32Array>();
  const read = (weight: string, shape: Shape): Float32Array => {
    if (!isHeadOf(model.network, weight)) return model.weights.share(weight, shape);
    const head = heads.get(weight) ?? Float32Array.from({ length: sizeOf(shape) }, () => random.normal() / 4);
    heads.set(weight, head);
    return head;
  };
  const whole = { ...model, weights: new WeightStore({ read }) };
  const graphs = exportGraphs(whole);
  const targets = new Float32Array(count * model.labels.length);
  for (let i = 0; i < count; i++) targets[i * model.labels.length] = 1;
  const weights = new Float32Array(count).fill(1);
  const batch: Batch = { images, targets, weights, count, samples: [...weights.keys()], mixing: undefined };
  for (const precision of precisionNames) {
    const out = join(folder!, `${name}-${precision}`);
    await mkdir(out, { recursive: true });
    const narrowing =
      precision === 'fp32'
        ? undefined
        : await narrowModel(whole, graphs, {
            precision,
            maxLoss: 100,
            images: { chosen: [batch] },
            onProgress: () => undefined,
          });
    await writeOnnx(out, whole, { graphs, ...(narrowing && { narrowing }) });
    const run = await OnnxRun.open(join(out, 'model.onnx'), { height: side, width: side });
    const logits = await run.logits(images, count);
    await run.dispose();
    await writeFile(join(out, 'logits.json'), JSON.stringify([...logits]));
  }
}
