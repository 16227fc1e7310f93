/**
 * Opens any model that classifies images: a ViTune checkpoint, an adapter saved by PEFT, or a whole model saved by
 * transformers.
 */
import { join } from 'node:path';
import { WeightStore } from '../compile/weightStore.js';
import { isThere, readTextInput } from '../core/files.js';
import { errors, type UserError } from '../errors/errors.js';
import type { Shape } from '../ir/op.js';
import { ConfigFields, defaultLabels, isObject } from '../nn/configFields.js';
import { familyOf } from '../nn/families.js';
import { isHeadOf } from '../nn/networkMap.js';
import { wholeModel } from '../peft/method.js';
import { tasksOf } from '../core/tasks.js';
import { openAdapterFolder } from './adapterFolder.js';
import { openUnhashed, type BaseModel } from './baseModel.js';
import { openCheckpoint, type LoadedCheckpoint } from './checkpoint.js';

/**
 * Opens what lies in `folder`. Throws a `UserError` when it is damaged, or its base model is not there or another one.
 */
export async function openModel(folder: string): Promise<LoadedCheckpoint> {
  if (await isThere(join(folder, 'vitune.json'))) return openCheckpoint(folder);
  return (await isThere(join(folder, 'adapter_config.json'))) ? openAdapterFolder(folder) : openModelFolder(folder);
}

/** Whether a folder holds a model of another program: an adapter, or a config with weights. */
export async function isForeignModel(folder: string): Promise<boolean> {
  if (await isThere(join(folder, 'adapter_config.json'))) return true;
  if (!(await isThere(join(folder, 'config.json')))) return false;
  // The resolved config of a run has the same name.
  const text = await readTextInput(join(folder, 'config.json'));
  return /"(model_type|architectures|architecture)"\s*:/.test(text);
}

/** Why a model has no such weight of its head. */
function headError(
  base: Pick<BaseModel, 'storedShape'>,
  folder: string,
  head: string,
  name: string,
  classes: number,
): UserError {
  const [outputs] = base.storedShape(`${head}.weight`) ?? [];
  if (outputs === undefined) return errors.headMissing(folder);
  if (outputs !== classes) return errors.headSize(join(folder, 'config.json'), classes, outputs);
  return errors.weightMissing(folder, name);
}

/** A Hugging Face model folder with a head of its own. */
async function openModelFolder(folder: string): Promise<LoadedCheckpoint> {
  const base = await openUnhashed({ model: folder, init: 'pretrained', seed: 0 });
  const { config: network, preprocessor } = base;
  const configFile = join(folder, 'config.json');
  const named = 'id2label' in base.json ? new ConfigFields(base.json, configFile).labels() : network.labels;
  // transformers writes no names for two classes without names, timm none for any.
  const labels = named.length ? named : defaultLabels(familyOf(network).statedClasses?.(base.json));
  if (isObject(base.json.id2label) && !named.length) throw errors.headMissing(folder);
  const read = (name: string, shape: Shape, scratch?: Float32Array): Float32Array => {
    // A base model draws a missing head at random; here its predictions would be random.
    if (isHeadOf(network, name) && !base.owns(name, shape))
      throw headError(base, folder, network.classifiers[0]!, name, labels.length);
    return base.weights(0).read(name, shape, scratch);
  };
  return {
    folder,
    json: base.json,
    network: { ...network, labels },
    preprocessor,
    method: wholeModel,
    labels,
    tasks: tasksOf(base.json, labels, configFile),
    weights: new WeightStore({ read, place: base.place }),
    unused: base.unused,
    notices: base.notices,
  };
}
