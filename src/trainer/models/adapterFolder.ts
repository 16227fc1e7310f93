/**
 * An adapter folder as PEFT saves it, without anything of ours: LoRA in all its variants and the modules saved with it,
 * folded into the base.
 */
import { join, resolve } from 'node:path';
import { WeightStore, type WeightSource } from '../compile/weightStore.js';
import { isThere, readTextInput } from '../core/files.js';
import { parseJson } from '../core/json.js';
import { errors, reasonOf, UserError } from '../errors/errors.js';
import type { Shape } from '../ir/op.js';
import { ConfigFields, defaultLabels } from '../nn/configFields.js';
import { familyOf, parseNetwork } from '../nn/families.js';
import { isHeadOf, mapOf } from '../nn/networkMap.js';
import { wholeModel } from '../peft/method.js';
import { tasksOf } from '../core/tasks.js';
import { hubNameAt } from '../hub/repository.js';
import { parseAdapterConfig, savedBy, targetsOf } from './adapterConfig.js';
import { readAdapterTensors, type AdapterTensors } from './adapterTensors.js';
import { changedWeights } from './adaptedWeights.js';
import { openBaseModel, type BaseModel } from './baseModel.js';
import type { LoadedCheckpoint } from './checkpoint.js';
import { findPreprocessor } from './findPreprocessor.js';
import { wholeWeights } from './modelSpec.js';

async function readJson(file: string): Promise<unknown> {
  try {
    return parseJson(await readTextInput(file));
  } catch (error) {
    throw errors.checkpointDamaged(file, reasonOf(error));
  }
}

/** For a look at shapes alone. */
const noWeights = new WeightStore({ read: () => new Float32Array() });

/**
 * The place of the base that an adapter names: a folder as Python would find it or one next to the adapter's files,
 * else a name on the hub.
 */
async function baseOf(folder: string, name: string): Promise<string> {
  for (const candidate of [resolve(name), resolve(folder, name)])
    if (await isThere(join(candidate, 'config.json'))) return candidate;
  return name;
}

/**
 * The labels of the adapter's own config.json; else those of the base if their number is that of the head's outputs;
 * else the default names of transformers.
 */
function labelsOf(own: readonly string[], base: BaseModel, width: number | undefined): string[] {
  if (own.length) return [...own];
  const { labels } = base.config;
  if (labels.length && (width === undefined || width === labels.length)) return [...labels];
  return defaultLabels(width);
}

/** The number of classes of the adapter's head; undefined if the base's head is unchanged. */
function headWidth({ saved, adapted }: AdapterTensors, isHead: (name: string) => boolean): number | undefined {
  const whole = saved.find(({ part }) => isHead(part.weight) && part.weight.endsWith('.weight'));
  const head = adapted.find(({ part }) => isHead(part.weight));
  return whole?.tensor.shape[0] ?? head?.tensors['lora_B.weight']?.shape[0];
}

/**
 * Opens an adapter on its base. Throws a `UserError` when the base is not there or of another shape, or the adapter is
 * of a kind we do not know.
 */
export async function openAdapterFolder(folder: string): Promise<LoadedCheckpoint> {
  const configFile = join(folder, 'adapter_config.json');
  const adapter = parseAdapterConfig(await readJson(configFile), configFile);
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
  const open = (size: object): Promise<BaseModel> =>
    openBaseModel({ model, revision, init: 'pretrained', seed: 0, place, ...size }).catch((error: unknown) => {
      throw error instanceof UserError && /^MODEL_NOT_/.test(error.code)
        ? errors.baseMissing(model, revision && hubNameAt(model, revision), folder)
        : error;
    });
  const plain = await open({});
  const found = await findPreprocessor(folder, familyOf(plain.config).processor);
  const preprocessor = found?.preprocessor;
  // Which size the adapter was trained at: a config.json that is a copy of the base's says nothing of it.
  const isCopy = own?.imageSize === parseNetwork(plain.json, ownFile).imageSize;
  const imageSize = preprocessor?.transform.height ?? (isCopy ? undefined : own?.imageSize);
  const base = imageSize === undefined || imageSize === plain.config.imageSize ? plain : await open({ imageSize });

  const { config } = base;
  const opened = {
    folder,
    json: base.json,
    network: config,
    preprocessor: preprocessor ?? base.preprocessor,
    method: wholeModel,
  };
  const names = wholeWeights({ ...opened, labels: [''], tasks: [], weights: noWeights });
  const shapes = new Map(names.map(({ name, shape }) => [name, shape]));
  const tensors = await readAdapterTensors(file, {
    weights: shapes,
    unused: new Set(base.unused(new Set(shapes.keys())).map(([name]) => name)),
    transformers5: mapOf(config).transformers5,
    isOfTimm: (weight) =>
      familyOf(config)
        .weightNames(config, weight.replace(/^timm_model\./, ''))
        .some((name) => shapes.has(name)),
    isTarget: targetsOf(adapter, configFile),
    isSaved: savedBy(adapter),
  });
  const isHead = (name: string): boolean => isHeadOf(config, name);
  const width = headWidth(tensors, isHead);
  const ownLabels = ownJson ? new ConfigFields(ownJson, ownFile).labels() : [];
  const labels = labelsOf(ownLabels, base, width);
  const shapeOf = (name: string): Shape | undefined => {
    const shape = shapes.get(name);
    return shape && isHead(name) ? [labels.length, ...shape.slice(1)] : shape;
  };
  const weightOfBase = (name: string, shape: Shape, scratch?: Float32Array): Float32Array => {
    if (isHead(name) && !base.owns(name, shape)) {
      const [outputs] = base.storedShape(name) ?? [];
      throw outputs === undefined ? errors.headMissing(folder) : errors.adapterHead(file, shape[0]!, outputs);
    }
    return base.weights(0).read(name, shape, scratch);
  };
  const changed = changedWeights({ adapter, tensors, file, configFile, shapeOf, weightOfBase });
  const read: WeightSource['read'] = (name, shape, scratch) => changed.get(name) ?? weightOfBase(name, shape, scratch);
  const placeOf = (name: string, shape: Shape) =>
    changed.has(name) || isHead(name) ? undefined : base.place(name, shape);
  const said = ownJson ?? (labels.length === base.config.labels.length ? base.json : {});
  return {
    ...opened,
    network: { ...base.config, labels },
    labels,
    tasks: tasksOf(said, labels, ownFile),
    weights: new WeightStore({ read, place: placeOf }),
    unused: base.unused,
    notices: found ? found.notices : base.notices,
  };
}
