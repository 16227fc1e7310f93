/** A model as a source of features: embedded, a model folder, an ONNX file, a checkpoint, a run or an adapter. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cutOf, type ModelSpec } from '../compile/compile.js';
import type { Cut } from '../compile/split.js';
import { methodObject } from '../config/methods.js';
import { isThere } from '../core/files.js';
import { mapOf } from '../nn/networkMap.js';
import { methodOf } from '../peft/method.js';
import type { UserError } from '../errors/errors.js';
import { openBaseModel, type BaseModel } from '../models/baseModel.js';
import { hashFiles } from '../models/modelFiles.js';
import { modelSpecOf, pixelNormOf } from '../models/modelSpec.js';
import { openModel } from '../models/openModel.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import { sourceOf, type FeatureSource } from './featureName.js';

export interface FeatureModel {
  /** The network without its head: the head is all that trains. */
  spec: ModelSpec;
  /** The value that the head reads. */
  cut: Cut;
  source: FeatureSource;
  /** Whether it was trained on somebody's images: a checkpoint, a run or an adapter. */
  isTuned: boolean;
  /** What the model's files leave open. */
  notices: readonly UserError[];
}

/**
 * Opens a model for its features. What a fine-tuned model computes of its own training images knows their labels:
 * `embedded`, or what the run started from, finds wrong labels better.
 * @throws UserError when it is none, or damaged.
 */
export async function openFeatureModel(model: string, revision?: string): Promise<FeatureModel> {
  const folder = resolve(model);
  const isAdapted =
    model !== 'embedded' &&
    (await Promise.all(['vitune.json', 'run.json', 'adapter_config.json'].map((name) => isThere(join(folder, name)))));
  if (isAdapted && isAdapted.some(Boolean)) return ofCheckpoint(await resolveCheckpoint(folder));
  const isLocal = model !== 'embedded' && (await isThere(folder));
  return ofBase(await openBaseModel({ model: isLocal ? folder : model, revision, init: 'pretrained', seed: 0 }));
}

/** A head for any number of labels ends the network at the same place. */
const anyLabels = 2;

function ofBase(base: BaseModel): FeatureModel {
  const { transform } = base.preprocessor;
  // Dropout would end the frozen part before the first place that drops.
  const config = { ...base.config, hiddenDropout: 0 };
  const spec: ModelSpec = {
    config,
    norm: pixelNormOf(base.preprocessor),
    weights: base.weights(0),
    method: methodOf(methodObject().parse({ type: 'head' }), mapOf(config)),
    labels: anyLabels,
    height: transform.height,
    width: transform.width,
  };
  return { spec, cut: cutOf(spec)!, source: sourceOf(base), isTuned: false, notices: base.notices ?? [] };
}

async function ofCheckpoint(folder: string): Promise<FeatureModel> {
  const model = await openModel(folder);
  const own = modelSpecOf(model);
  const spec: ModelSpec = {
    ...own,
    config: { ...own.config, hiddenDropout: 0 },
    neighbors: undefined,
    method: { ...own.method, trains: mapOf(model.network).isHead },
  };
  const source: FeatureSource = {
    sha256: createHash('sha256')
      .update(`${model.base?.reference.sha256 ?? ''}\0${await hashFiles(await weightFilesIn(folder))}`)
      .digest('hex'),
    init: model.base?.reference.init ?? 'pretrained',
    transform: model.preprocessor.transform,
  };
  return { spec, cut: cutOf(spec)!, source, isTuned: true, notices: model.notices ?? [] };
}

/** The files of a checkpoint that its answers depend on. */
async function weightFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.(safetensors|bin)$/.test(name) && !name.startsWith('optimizer'))
    .sort()
    .map((name) => join(folder, name));
}
