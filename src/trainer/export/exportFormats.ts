/** The formats of an export that hold safetensors: a whole transformers model, and a PEFT adapter. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextInput } from '../core/files.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../checkpoint/safetensors.js';
import type { ExportFormat } from '../../shared/exportFormats.js';
import { jsonText, parseJson } from '../core/json.js';
import { compileForward } from '../compile/compile.js';
import { errors } from '../errors/errors.js';
import { familyOf, parseNetwork } from '../nn/families.js';
import { isHeadOf, mapOf, unusedLayersOf, type NetworkMap } from '../nn/networkMap.js';
import { wholeModel } from '../peft/method.js';
import { adaptedLayers, peftTargets } from '../peft/peftTargets.js';
import { writeModelConfig, type LoadedCheckpoint } from '../models/checkpoint.js';
import { modelSpecOf, wholeWeights } from '../models/modelSpec.js';
import { asStored } from '../models/storedWeights.js';
import { calibrationJson, logitScales, scaleRows, withCalibratedHead } from './calibratedLogits.js';
import { dequantized, hasOwnLayers, merged } from './mergedModel.js';

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
  const stored = asStored(model.network, tensors);
  await writeSafetensors(join(folder, 'model.safetensors'), [...stored, ...unused], { format: 'pt' });
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
  const { name, notForPeft } = familyOf(model.network);
  if (notForPeft) throw errors.exportNotForPeft(name);
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

/** What writes each format but ONNX into an empty folder. */
export const writers: Record<
  Exclude<ExportFormat, 'onnx'>,
  (folder: string, model: LoadedCheckpoint) => Promise<void>
> = { transformers: writeWhole, peft: writeAdapter };
