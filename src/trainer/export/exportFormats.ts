/** The three formats of an export, each written into an empty folder. */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextInput } from '../core/files.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../checkpoint/safetensors.js';
import type { ExportFormat } from '../../shared/exportFormats.js';
import { jsonText, parseJson } from '../core/json.js';
import { compileForward } from '../compile/compile.js';
import { WeightStore } from '../compile/weightStore.js';
import { errors } from '../errors/errors.js';
import { parseNetwork } from '../nn/families.js';
import { isHeadOf, mapOf, unusedLayersOf, type NetworkMap } from '../nn/networkMap.js';
import { emitModel } from '../onnx/emit.js';
import { bytesOf, type Shape } from '../ir/op.js';
import { encodeModel, type OnnxInitialiser } from '../onnx/model.js';
import { mergeLowRank } from '../peft/merge.js';
import { hiddenWidth, loraScaling, methodOf, wholeModel } from '../peft/method.js';
import { adaptedLayers, peftTargets } from '../peft/peftTargets.js';
import { dequantize, quantize } from '../peft/quantize.js';
import { writeModelConfig, type LoadedCheckpoint } from '../models/checkpoint.js';
import { modelSpecOf, wholeWeights } from '../models/modelSpec.js';
import { calibrationJson, logitScales, scaleRows, withCalibratedHead } from './calibratedLogits.js';

/**
 * Whether the method left layers in the network that its architecture in transformers does not have, and that cannot be
 * folded into others.
 */
const hasOwnLayers = ({ method }: LoadedCheckpoint): boolean =>
  ['adapter', 'pretrained'].includes(method.type) || hiddenWidth(method) > 0;

/**
 * The model with its dequantised weights: with other weights, a model trained on a quantised base would predict
 * differently.
 */
function dequantized(model: LoadedCheckpoint): LoadedCheckpoint {
  const { quantization } = methodOf(model.method, mapOf(model.network));
  if (!quantization) return model;
  const linear = new Set(compileForward(modelSpecOf(model), 1).layers);
  const read = (name: string, shape: Shape): Float32Array => {
    const full = model.weights.share(name, shape);
    const layer = name.replace(/\.weight$/, '');
    const options = layer !== name && linear.has(layer) ? quantization(layer) : undefined;
    return options ? dequantize(quantize(full, options), full.length, options) : full;
  };
  return { ...model, weights: new WeightStore({ read }) };
}

/** The model with its low-rank adapters folded into the weights, as one that was fine-tuned in full. */
function merged(saved: LoadedCheckpoint): LoadedCheckpoint {
  if (hasOwnLayers(saved)) return saved;
  const model = dequantized(saved);
  const { lora } = methodOf(model.method, mapOf(model.network));
  if (!lora) return { ...model, method: wholeModel };
  // A method's targets are looked up by the name of a layer, and "all-linear" would match a norm.
  const layers = new Set(compileForward(modelSpecOf(model), 1).layers.map((layer) => `${layer}.weight`));
  const read = (name: string, shape: Shape): Float32Array => {
    const layer = name.replace(/\.weight$/, '');
    const options = layers.has(name) ? lora(layer) : undefined;
    const own = model.weights.share(name, shape);
    if (!options) return own;
    const { rank, useDora } = options;
    const [out, width] = shape as [number, number];
    return mergeLowRank(own, {
      down: model.weights.share(`${layer}.lora_A.weight`, [rank, width]),
      up: model.weights.share(`${layer}.lora_B.weight`, [out, rank]),
      rank,
      scaling: loraScaling(options),
      magnitude: useDora ? model.weights.share(`${layer}.lora_magnitude_vector`, [out]) : undefined,
    });
  };
  return { ...model, method: wholeModel, weights: new WeightStore({ read }) };
}

/**
 * `model.safetensors` with config.json and preprocessor_config.json: what
 * `AutoModelForImageClassification.from_pretrained` loads.
 */
export async function writeWhole(folder: string, model: LoadedCheckpoint): Promise<void> {
  if (hasOwnLayers(model)) throw errors.exportImpossible('transformers', model.method.type, ['onnx']);
  const whole = merged(withCalibratedHead(model));
  await writeModelConfig(folder, model, calibrationJson(model));
  const tensors = wholeWeights(whole).map(({ name, shape }): [string, Tensor] => [
    name,
    { shape: [...shape], data: whole.weights.share(name, shape) },
  ]);
  const unused = model.unused?.(new Set(tensors.map(([name]) => name))) ?? [];
  await writeSafetensors(join(folder, 'model.safetensors'), [...tensors, ...unused], { format: 'pt' });
}

/** Whether Python finds the base under its name with the very weights that were trained on. */
const isElsewhere = ({ base, method }: LoadedCheckpoint): boolean =>
  base !== undefined &&
  method.type !== 'qlora' &&
  base.reference.model !== 'embedded' &&
  base.reference.init === 'pretrained' &&
  // transformers would fill its own classes with random weights from a folder with timm's names.
  typeof base.json.architecture !== 'string' &&
  parseNetwork(base.json, base.reference.model).imageSize === base.reference.imageSize;

/**
 * An adapter's tensor under the names of transformers 5: what belongs to a layer that is several there is shared out
 * among them, but for A, which all of them read.
 */
function renamedForTransformers5(map: NetworkMap, [name, tensor]: [string, Tensor]): [string, Tensor][] {
  const part = addedParts.find((each) => name.endsWith(`.${each}`));
  if (part === undefined) return [];
  const theirs = map.transformers5(name.slice(peftPrefix.length, -part.length - 1));
  return theirs.map((module, i) => {
    const [rows, ...rest] = tensor.shape as [number, ...number[]];
    const isShared = theirs.length > 1 && part !== 'lora_A.weight';
    const size = tensor.data.length / theirs.length;
    return [
      `${peftPrefix}${module}.${part}`,
      isShared ? { shape: [rows / theirs.length, ...rest], data: tensor.data.slice(i * size, (i + 1) * size) } : tensor,
    ];
  });
}

/** PEFT's prefix of every name in an adapter file. */
const peftPrefix = 'base_model.model.';
const addedParts = ['lora_A.weight', 'lora_B.weight', 'lora_magnitude_vector'];

/**
 * An adapter folder for `PeftModel.from_pretrained`, under transformers 4 and 5. An adapter's tensors and targets are
 * named after modules, which transformers 5 renamed, so both names of each are there. A base that Python could not find
 * goes along, in `base`.
 */
export async function writeAdapter(folder: string, model: LoadedCheckpoint): Promise<void> {
  const [file, configFile] = ['adapter_model.safetensors', 'adapter_config.json'];
  const text = await readTextInput(join(model.folder, configFile)).catch(() => undefined);
  if (hasOwnLayers(model)) throw errors.exportImpossible('peft', model.method.type, ['onnx']);
  if (text === undefined || !model.base)
    throw errors.exportImpossible('peft', model.method.type, ['transformers', 'onnx']);
  const config = parseJson(text) as Record<string, unknown>;
  const { tensors } = await readSafetensors(join(model.folder, file));
  const map = mapOf(model.network);
  const scales = logitScales(model);
  for (const [name, { shape, data }] of scales ? tensors : [])
    if (isHeadOf(model.network, name.slice(peftPrefix.length)))
      tensors.set(name, { shape, data: scaleRows(data, scales!) });
  const both = [...tensors, ...[...tensors].flatMap((entry) => renamedForTransformers5(map, entry))];
  await writeSafetensors(join(folder, file), [...new Map(both)], { format: 'pt' });
  const adapted = adaptedLayers([...tensors.keys()].map((name) => name.replace(peftPrefix, '')));
  const modules = [...compileForward(modelSpecOf(model), 1).layers, ...unusedLayersOf(model.network)];
  const inBoth = (names: readonly string[]): string[] => [...names, ...names.flatMap(map.transformers5)];
  const targets = adapted.length ? peftTargets(inBoth(adapted), inBoth(modules)) : config.target_modules;
  const base = isElsewhere(model) ? model.base.reference.model : 'base';
  await writeFile(
    join(folder, configFile),
    jsonText({ ...config, target_modules: targets, base_model_name_or_path: base }),
  );
  await writeModelConfig(folder, model, calibrationJson(model));
  if (base !== 'base') return;
  await mkdir(join(folder, base));
  // Under a method without adapters the same weights are the base's own, and the head is the trained one, so that sizes
  // fit.
  await writeWhole(join(folder, base), { ...dequantized(model), method: wholeModel });
}

/** Above this a file would approach protobuf's limit of 2 GiB: the weights then go to an external file. */
const largestFile = 1.5 * 2 ** 30;

/**
 * `model.onnx`: uint8 images [batch, height, width, 3] in, logits [batch, labels] out, any batch, standard operators
 * only.
 */
export async function writeOnnx(folder: string, model: LoadedCheckpoint, largest = largestFile): Promise<void> {
  const spec = { ...modelSpecOf(merged(model)), logitScales: logitScales(model) };
  // Builders leave out what changes nothing, as much does for a single image.
  const [graph, twin] = [compileForward(spec, 2).graph, compileForward(spec, 4).graph];
  // The operators for WebGPU are those of the standard.
  const onnx = emitModel(graph, 'webgpu', { twin });
  const id2label = Object.fromEntries(model.labels.map((label, i) => [i, label]));
  const metadata = {
    id2label: JSON.stringify(id2label),
    labels: model.labels.join('\n'),
    image_size: `${spec.height}x${spec.width}`,
  };
  const bytes = onnx.initialisers.reduce((sum, { data }) => sum + data.byteLength, 0);
  const dataFile = 'model.onnx.data';
  const initialisers =
    bytes > largest ? await writeExternal(join(folder, dataFile), dataFile, onnx.initialisers) : onnx.initialisers;
  await writeFile(join(folder, 'model.onnx'), encodeModel({ ...onnx, initialisers, metadata }));
  await writeModelConfig(folder, model, calibrationJson(model));
}

/**
 * Writes the numbers one after another at multiples of 4096 bytes, as ONNX advises, and says of each where it lies;
 * what is small stays.
 */
async function writeExternal(
  path: string,
  file: string,
  initialisers: readonly OnnxInitialiser[],
): Promise<OnnxInitialiser[]> {
  const handle = await open(path, 'w');
  let offset = 0;
  const placed: OnnxInitialiser[] = [];
  try {
    for (const each of initialisers) {
      const { data } = each;
      if (data.byteLength < 1024) {
        placed.push(each);
        continue;
      }
      await handle.write(bytesOf(data), 0, data.byteLength, offset);
      placed.push({ ...each, external: { file, offset } });
      offset = Math.ceil((offset + data.byteLength) / 4096) * 4096;
    }
  } finally {
    await handle.close();
  }
  return placed;
}

/** What writes each format into an empty folder. */
export const writers: Record<ExportFormat, (folder: string, model: LoadedCheckpoint) => Promise<void>> = {
  onnx: (folder, model) => writeOnnx(folder, model),
  transformers: writeWhole,
  peft: writeAdapter,
};
