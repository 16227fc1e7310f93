/**
 * Writes exports of every family for Python to load: `node --import tsx test/golden/exports.ts FOLDER [MODEL…]`, then
 * `python test/golden/check_exports.py FOLDER` in an environment with transformers 4 and in one with 5.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileForward } from '../../src/trainer/compile/compile.js';
import { frozenOf } from '../../src/trainer/compile/scope.js';
import { methodObject } from '../../src/trainer/config/methods.js';
import { singleTask } from '../../src/trainer/core/tasks.js';
import { Random } from '../../src/trainer/core/random.js';
import { writeAdapter, writeWhole } from '../../src/trainer/export/exportFormats.js';
import { computeLogits } from '../../src/trainer/inference/computeLogits.js';
import { openBaseModel } from '../../src/trainer/models/baseModel.js';
import { pixelNormOf } from '../../src/trainer/models/modelSpec.js';
import { openCheckpoint, writeCheckpoint } from '../../src/trainer/models/checkpoint.js';
import { mapOf } from '../../src/trainer/nn/networkMap.js';
import { firstValues } from '../../src/trainer/peft/init.js';
import { methodOf } from '../../src/trainer/peft/method.js';
import { golden, writeImages } from '../trainer/models/goldenCheckpoint.js';

const labels = ['ash', 'birch', 'cedar'];
const methods: Record<string, object> = {
  default: { type: 'lora', rank: 2 },
  dense: { type: 'lora', rank: 2, targetModules: ['dense', 'fc1'] },
  output: { type: 'lora', rank: 2, targetModules: ['output.dense', 'fc2'] },
  all: { type: 'lora', rank: 2, targetModules: ['all-linear'], useDora: true },
  block: { type: 'lora', rank: 2, targetModules: ['query'], layersToTransform: [1], useRslora: true },
  head: { type: 'head' },
  full: { type: 'full' },
};
/** What those words mean in families that have neither. */
const others: Record<string, object> = {
  dense: { type: 'lora', rank: 2, targetModules: ['out_proj', 'o_proj', 'weights_in', 'attn.proj'] },
  output: { type: 'lora', rank: 2, targetModules: ['fc2', 'down_proj', 'weights_out'] },
};

const writers = { peft: writeAdapter, transformers: writeWhole };

/** A checkpoint of a method with random values for all that it trains; undefined where the method adapts nothing. */
async function checkpointOf(model: string, options: object, folder: string): Promise<string | undefined> {
  const base = await openBaseModel({ model, init: 'pretrained', seed: 0 });
  const { config, preprocessor } = base;
  const method = methodObject().parse(options);
  const { transform } = preprocessor;
  const { parameters, graph } = compileForward(
    {
      config,
      norm: pixelNormOf(preprocessor),
      weights: base.weights(0),
      method: methodOf(method, mapOf(config)),
      labels: labels.length,
      height: transform.height,
      width: transform.width,
    },
    1,
  );
  if (method.type === 'lora' && !parameters.some(({ name }) => name.includes('lora_'))) return undefined;
  const random = new Random(3, 'exports');
  const values = new Map(
    [...firstValues(parameters, (name, shape) => base.weight(name, shape, 0), 0)].map(([name, data]) => [
      name,
      data.map((value) => value + 0.2 * random.normal()),
    ]),
  );
  const zeros = new Map([...values].map(([name, data]) => [name, new Float32Array(data.length)]));
  await mkdir(folder, { recursive: true });
  await writeCheckpoint(folder, {
    base,
    network: config,
    method,
    tasks: singleTask(labels),
    parameters,
    frozen: frozenOf(graph),
    state: { parameters: values, m: zeros, v: zeros },
    progress: { step: 1, evaluationsSinceBest: 0, dataset: 'none' },
  });
  return folder;
}

/** A copy of a golden model whose preprocessor leaves the stored images as they are. */
async function modelOf(name: string, folder: string): Promise<string> {
  await cp(join(golden, 'models', name), folder, { recursive: true });
  if (name.startsWith('timm')) {
    const config = join(folder, 'config.json');
    const json = JSON.parse(await readFile(config, 'utf8')) as { pretrained_cfg: object };
    const pretrained = { ...json.pretrained_cfg, crop_pct: 1 };
    await writeFile(config, JSON.stringify({ ...json, pretrained_cfg: pretrained }));
    return folder;
  }
  const file = join(folder, 'preprocessor_config.json');
  const given = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as object;
  const square = { height: 32, width: 32 };
  await writeFile(file, JSON.stringify({ ...given, size: square, crop_size: square, do_center_crop: false }));
  return folder;
}

const [target, ...chosen] = process.argv.slice(2);
if (target === undefined) throw new Error('Give a folder to write to.');
const images = (await writeImages(join(target, 'images'))).slice(0, 4);
for (const name of chosen.length ? chosen : await readdir(join(golden, 'models'))) {
  const model = await modelOf(name, join(target, 'models', name));
  for (const [what, options] of Object.entries(methods)) {
    const folder = join(target, 'checkpoints', name, what);
    const checkpoint =
      (await checkpointOf(model, options, folder)) ??
      (others[what] && (await checkpointOf(model, others[what], folder)));
    if (!checkpoint) continue;
    const { logits } = await computeLogits({ model: checkpoint, images });
    await writeFile(join(checkpoint, 'answers.json'), JSON.stringify({ logits }));
    const saved = await openCheckpoint(checkpoint);
    const exports = join(target, 'exports', name, what);
    // A full fine-tuning is no adapter, and PEFT has no word for some.
    const isForPeft = existsSync(join(checkpoint, 'adapter_config.json'));
    for (const format of isForPeft ? (['peft', 'transformers'] as const) : (['transformers'] as const)) {
      await mkdir(join(exports, format), { recursive: true });
      await writers[format](join(exports, format), saved);
    }
  }
  console.log(name);
}
