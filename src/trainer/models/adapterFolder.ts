/**
 * An adapter folder as PEFT saves it, without anything of ours: LoRA in all its variants and the modules saved with it,
 * folded into the base.
 */
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { readSafetensors, requireFinite, type Tensor } from '../checkpoint/safetensors.js';
import { parsePreprocessor } from '../data/transform.js';
import { errors, reasonOf, UserError } from '../errors/errors.js';
import { sizeOf } from '../ir/shape.js';
import type { Shape } from '../ir/op.js';
import { parseNetwork } from '../nn/families.js';
import { mergeLowRank } from '../peft/merge.js';
import { isHeadOf, mapOf } from '../nn/networkMap.js';
import { wholeModel } from '../peft/method.js';
import { tasksOf } from '../core/tasks.js';
import { hubNameAt } from '../hub/repository.js';
import { openBaseModel, type BaseModel } from './baseModel.js';
import type { LoadedCheckpoint } from './checkpoint.js';
import { wholeWeights } from './modelSpec.js';

const pattern = z.record(z.string(), z.number().gt(0)).nullish();
const adapterSchema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().min(1).nullish(),
  revision: z.string().nullish(),
  r: z.number().gt(0).default(8),
  lora_alpha: z.number().gt(0).default(8),
  use_rslora: z.boolean().nullish(),
  fan_in_fan_out: z.boolean().nullish(),
  alpha_pattern: pattern,
});
type AdapterConfig = z.output<typeof adapterSchema>;

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw errors.checkpointDamaged(file, reasonOf(error));
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function readAdapterConfig(file: string): Promise<AdapterConfig> {
  const parsed = adapterSchema.safeParse(await readJson(file));
  if (!parsed.success) throw errors.checkpointDamaged(file, z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
  const config = parsed.data;
  if (config.peft_type !== 'LORA') throw errors.adapterUnsupported(file, `peft_type ${config.peft_type}`);
  if (config.fan_in_fan_out) throw errors.adapterUnsupported(file, 'fan_in_fan_out');
  return config;
}

/**
 * Where the base lies that an adapter names: a folder as Python would find it or one beside the adapter's files, else a
 * name on the hub.
 */
async function baseOf(folder: string, name: string): Promise<string> {
  for (const candidate of [resolve(name), resolve(folder, name)])
    if (await isThere(join(candidate, 'config.json'))) return candidate;
  return name;
}

/** One adapted layer, and the tensors that replace those of the base, by their names in the network. */
interface AdapterTensors {
  layers: Map<string, Partial<Record<'lora_A' | 'lora_B' | 'lora_magnitude_vector', Tensor>>>;
  saved: Map<string, Tensor>;
}

/** Sorts the tensors of the file; `known` gives the network's names under those of transformers 4 and 5. */
async function readTensors(file: string, known: ReadonlyMap<string, string>): Promise<AdapterTensors> {
  const { tensors } = await readSafetensors(file);
  requireFinite(tensors, file);
  const layers: AdapterTensors['layers'] = new Map();
  const saved: AdapterTensors['saved'] = new Map();
  const inNetwork = (weight: string): string => {
    const found = known.get(weight);
    if (found === undefined) throw errors.adapterNotOfBase(file, weight);
    return found;
  };
  for (const [stored, tensor] of tensors) {
    const name = stored.replace(/^base_model\.model\./, '').replace('.modules_to_save.', '.');
    const part = /^(.+)\.(lora_A|lora_B|lora_magnitude_vector)(?:\.weight)?$/.exec(name);
    if (part) {
      const layer = inNetwork(`${part[1]!}.weight`);
      layers.set(layer, { ...layers.get(layer), [part[2]!]: tensor });
    } else if (/\.lora_/.test(name)) throw errors.adapterUnsupported(file, name);
    // What is adapted under its plain name, too, would be counted twice.
    else saved.set(inNetwork(name.replace('.base_layer.', '.')), tensor);
  }
  return { layers, saved };
}

/** Alpha of a layer: PEFT's `alpha_pattern` goes by the end of the module's name. */
function alphaOf(
  { lora_alpha: alpha, alpha_pattern: patterns }: AdapterConfig,
  weight: string,
  transformers5: (name: string) => readonly string[],
): number {
  const layer = weight.replace(/\.weight$/, '');
  const ends = (name: string, key: string): boolean => name === key || name.endsWith(`.${key}`);
  const found = Object.entries(patterns ?? {}).find(([key]) =>
    [layer, ...transformers5(layer)].some((name) => ends(name, key)),
  );
  return found?.[1] ?? alpha;
}

/**
 * The labels of the adapter's own config.json; else those of the base where they are as many as the head answers; else
 * transformers' names for none.
 */
function labelsOf(own: readonly string[], base: BaseModel, answers: number | undefined): string[] {
  if (own.length) return [...own];
  const { labels } = base.config;
  if (answers === undefined || answers === labels.length) return [...labels];
  return Array.from({ length: answers }, (_, i) => `LABEL_${i}`);
}

/**
 * Opens an adapter on its base. Throws a `UserError` when the base is not there or of another shape, or the adapter is
 * of a kind we do not know.
 */
export async function openAdapterFolder(folder: string): Promise<LoadedCheckpoint> {
  const configFile = join(folder, 'adapter_config.json');
  const adapter = await readAdapterConfig(configFile);
  const file = join(folder, 'adapter_model.safetensors');
  if (!(await isThere(file)) && (await isThere(join(folder, 'adapter_model.bin'))))
    throw errors.weightsArePickle(join(folder, 'adapter_model.bin'));
  const named = adapter.base_model_name_or_path;
  if (!named) throw errors.checkpointDamaged(configFile, 'base_model_name_or_path');
  const ownFile = join(folder, 'config.json');
  const ownJson = (await isThere(ownFile)) ? ((await readJson(ownFile)) as Record<string, unknown>) : undefined;
  const own = ownJson && parseNetwork(ownJson, ownFile);
  const model = await baseOf(folder, named);
  const place = { file: configFile };
  const revision = adapter.revision ?? undefined;
  const base = await openBaseModel({
    model,
    revision,
    init: 'pretrained',
    seed: 0,
    imageSize: own?.imageSize,
    place,
  }).catch((error: unknown) => {
    throw error instanceof UserError && /^MODEL_NOT_/.test(error.code)
      ? errors.baseMissing(model, revision && hubNameAt(model, revision), folder)
      : error;
  });
  const preprocessorFile = join(folder, 'preprocessor_config.json');
  const preprocessor = (await isThere(preprocessorFile))
    ? parsePreprocessor(await readJson(preprocessorFile), preprocessorFile, base.config.imageSize)
    : base.preprocessor;

  const opened = { folder, json: base.json, network: base.config, preprocessor, method: wholeModel };
  const names = wholeWeights({ ...opened, labels: ['', ''], tasks: [], weight: () => new Float32Array() });
  const shapes = new Map(names.map(({ name, shape }) => [name, shape]));
  const map = mapOf(base.config);
  const known = new Map(names.flatMap(({ name }) => [name, ...map.transformers5(name)].map((each) => [each, name])));
  const { layers, saved } = await readTensors(file, known);
  const head = [...saved].find(([name]) => isHeadOf(base.config, name) && name.endsWith('.weight'))?.[1].shape[0];
  const labels = labelsOf(own?.labels ?? [], base, head);
  if (labels.length < 1) throw errors.headMissing(folder);
  const folded = new Map<string, Float32Array>();
  for (const [name, { lora_A: a, lora_B: b, lora_magnitude_vector: magnitude }] of layers) {
    if (!a || !b) throw errors.weightMissing(file, name.replace(/weight$/, a ? 'lora_B.weight' : 'lora_A.weight'));
    const shape = shapes.get(name)!;
    const rank = a.shape[0] ?? 0;
    const fits =
      rank > 0 &&
      b.shape[0] === shape[0] &&
      b.data.length === shape[0]! * rank &&
      a.data.length * shape[0]! === sizeOf(shape) * rank;
    if (!fits || (magnitude && magnitude.data.length !== shape[0])) throw errors.adapterNotOfBase(file, name);
    const scaling = alphaOf(adapter, name, map.transformers5) / (adapter.use_rslora ? Math.sqrt(rank) : rank);
    const weight = saved.get(name)?.data ?? base.weight(name, shape, 0);
    saved.delete(name);
    folded.set(name, mergeLowRank(weight, { down: a.data, up: b.data, rank, scaling, magnitude: magnitude?.data }));
  }
  const weight = (name: string, shape: Shape): Float32Array => {
    const own = saved.get(name);
    if (own && own.shape.join() !== shape.join()) throw errors.adapterNotOfBase(file, name);
    if (!own && isHeadOf(base.config, name) && !base.owns(name, shape)) throw errors.headMissing(folder);
    return own?.data ?? folded.get(name) ?? base.weight(name, shape, 0);
  };
  const placeOf = (name: string, shape: Shape) =>
    saved.has(name) || folded.has(name) || isHeadOf(base.config, name) ? undefined : base.place(name, shape);
  const said = ownJson ?? (labels.length === base.config.labels.length ? base.json : {});
  return {
    ...opened,
    network: { ...base.config, labels },
    labels,
    tasks: tasksOf(said, labels, ownFile),
    weight: Object.assign(weight, { place: placeOf }),
    unread: base.unread,
  };
}
