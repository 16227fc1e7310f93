/**
 * The model that fine-tuning starts from: the embedded one or a Hugging Face folder, with its weights by name and their
 * hash.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isThere } from '../core/files.js';
import { openModelWeights } from '../checkpoint/modelWeights.js';
import { isFloat, requireFinite, type Tensor } from '../checkpoint/safetensors.js';
import { parsePreprocessor, type Preprocessor } from '../data/imageProcessor.js';
import { withImageSize } from '../data/transform.js';
import { WeightStore } from '../compile/weightStore.js';
import { errors, UserError, type Place } from '../errors/errors.js';
import type { FilePlace } from '../core/filePlace.js';
import { findOnnx, findSnapshot, isWholeModel, modelFiles } from '../hub/hubCache.js';
import { hubCache } from '../hub/hubSettings.js';
import { hubNameAt, isCommit, parseHubName } from '../hub/repository.js';
import { sizeOf } from '../ir/shape.js';
import type { Shape } from '../ir/op.js';
import { isObject } from '../nn/configFields.js';
import { familyOf, parseNetwork } from '../nn/families.js';
import type { NetworkConfig } from '../nn/networkConfig.js';
import { isHeadOf, mapOf } from '../nn/networkMap.js';
import { Random } from '../core/random.js';
import { findPreprocessor } from './findPreprocessor.js';
import { hashFiles, readJson } from './modelFiles.js';
import { onnxFileOf, openOnnxModel, type OnnxFeatures } from './onnxModel.js';

/** The reference of a model by which it is found again and distinguished from others. */
export interface BaseReference {
  /** `embedded`, the absolute path of a folder or an ONNX file, or a name on the hub, perhaps with a file. */
  model: string;
  /** Of a hub model: its commit. */
  revision?: string | undefined;
  init: 'pretrained' | 'random';
  /** With `random`: the seed of the weights. */
  seed: number;
  /** Side of the input in pixels. */
  imageSize: number;
  /** SHA-256 of all weights of the body, in hexadecimal: of the files, or of the seed's numbers. */
  sha256: string;
  /** Of an ONNX file: its features. */
  features?: OnnxFeatures | undefined;
}

export interface BaseModel {
  reference: BaseReference;
  config: NetworkConfig;
  /** `config.json` as it was read. */
  json: Record<string, unknown>;
  preprocessor: Preprocessor;
  /** The weights; a head of another size than is asked for, or none at all, is drawn at random from `headSeed`. */
  weights(headSeed: number): WeightStore;
  /** One of them as 32-bit floats, which nobody may change. */
  weight(name: string, shape: Shape, headSeed: number): Float32Array;
  /** Throws what `weight` would where it could give none of that name and shape; reads no number. */
  requireWeight(name: string, shape: Shape): void;
  /** Where a weight's numbers lie in a file, as `weight` gives them, if they do. */
  place(name: string, shape: Shape): FilePlace | undefined;
  /** Whether the model comes with a weight of that name and shape, so that it is not drawn. */
  owns(name: string, shape: Shape): boolean;
  /** The shape that the model's own weight of that name has, if it comes with one. */
  storedShape(name: string): Shape | undefined;
  /**
   * The body's weights beyond `read`: no graph of ours needs them, but transformers' class has them (a mask token), so
   * a whole checkpoint takes them along.
   */
  unused: UnusedWeights;
  /** Decisions that the config left open, reported to the user. */
  notices?: readonly UserError[];
}

/** A model whose weights have not been hashed. */
type Unhashed = Omit<BaseModel, 'reference'> & { reference: () => Promise<BaseReference> };

export type UnusedWeights = (read: ReadonlySet<string>) => [string, Tensor][];

/** What of `weights` is not among those read, nor the head's. */
export const unusedOf =
  (config: NetworkConfig, weights: ReadonlyMap<string, Tensor>): UnusedWeights =>
  (read) =>
    [...weights].filter(([name]) => !read.has(name) && !isHeadOf(config, name));

export interface BaseModelOptions {
  model: string;
  revision?: string | undefined;
  init: 'pretrained' | 'random';
  seed: number;
  imageSize?: number;
  /** Of an ONNX file: the tensor to take for features, or all that is known of them. */
  featureOutput?: string | undefined;
  features?: OnnxFeatures | undefined;
  /** Where the config names the model, and the tensor. */
  place?: Place;
  outputPlace?: Place;
}

/** Folder of the model that comes with ViTune: `media/embedded` above this file, in the sources as in the package. */
async function embeddedFolder(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'media', 'embedded');
    if (await isThere(join(candidate, 'config.json'))) return candidate;
    if (folder === dirname(folder)) throw errors.modelNotFound('embedded', {});
  }
}

/**
 * Where a model lies, a folder or an ONNX file, and the commit of one of the hub, which is taken from the cache;
 * `provideModel` brings it there.
 */
async function findModelFiles(
  model: string,
  revision: string | undefined,
  place: Place,
): Promise<{ path: string; commit?: { revision: string } }> {
  if (model === 'embedded') return { path: await embeddedFolder() };
  const named = parseHubName(model);
  if (!named) return { path: model };
  const folder = await findSnapshot({ kind: 'model', ...named, revision }, hubCache());
  const onnxFile =
    folder && (named.file !== undefined || !(await isWholeModel(folder)))
      ? await findOnnx(folder, named.file)
      : undefined;
  if (folder === undefined || (named.file !== undefined && onnxFile === undefined))
    throw errors.modelNotCached(hubNameAt(model, revision), hubCache(), place);
  return {
    path: onnxFile ?? folder,
    ...(isCommit(basename(folder)) ? { commit: { revision: basename(folder) } } : {}),
  };
}

/**
 * Weights as transformers initialises its vision transformers: normal with deviation 0.02 cut at two deviations, but
 * norms one, biases zero.
 */
export function randomWeight(config: NetworkConfig, name: string, shape: Shape, seed: number): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  const constant = mapOf(config).firstValueOf(name);
  if (constant !== undefined) return data.fill(constant);
  const random = new Random(seed, 'init', name);
  for (let i = 0; i < data.length; i++) {
    let value = random.normal();
    while (Math.abs(value) > 2) value = random.normal();
    data[i] = 0.02 * value;
  }
  return data;
}

export type ReadWeight = (name: string, shape: Shape, headSeed: number, scratch?: Float32Array) => Float32Array;

/** A store for each seed of a head, since heads alone differ by it; graphs of one model ask for one seed. */
export function storesOf(read: ReadWeight, place?: BaseModel['place']): Pick<BaseModel, 'weights' | 'weight'> {
  const stores = new Map<number, WeightStore>();
  const weights = (headSeed: number): WeightStore => {
    const known =
      stores.get(headSeed) ??
      new WeightStore({ read: (name, shape, scratch) => read(name, shape, headSeed, scratch), place });
    stores.set(headSeed, known);
    return known;
  };
  return { weights, weight: (name, shape, headSeed) => weights(headSeed).share(name, shape) };
}

/** Weights that lie in no file of ours. */
const drawn = (
  read: ReadWeight,
): Pick<BaseModel, 'weights' | 'weight' | 'requireWeight' | 'place' | 'owns' | 'storedShape' | 'unused'> => ({
  ...storesOf(read),
  requireWeight: () => undefined,
  place: () => undefined,
  owns: () => false,
  storedShape: () => undefined,
  unused: () => [],
});

/** How images of a folder's model are prepared, what that leaves open, and the file that says it. */
async function prepared(
  folder: string,
  config: NetworkConfig,
  json: Record<string, unknown>,
): Promise<{ preprocessor: Preprocessor; notices: UserError[]; file: string }> {
  const family = familyOf(config);
  const stated = family.statedPreprocessor?.(json);
  const configFile = join(folder, modelFiles.config);
  if (stated) {
    // Only timm states it in config.json.
    const isStated = isObject(json.pretrained_cfg) || 'mean' in json || 'input_size' in json;
    const notices = isStated ? [] : [errors.timmPreprocessorAssumed(configFile)];
    return { preprocessor: parsePreprocessor(stated, configFile), notices, file: configFile };
  }
  const file = join(folder, modelFiles.preprocessor);
  const found = await findPreprocessor(folder, family.processor);
  if (found) return { ...found, notices: [...found.notices], file };
  const preprocessor = parsePreprocessor(family.usualPreprocessor(config, json), file, family.processor);
  return { preprocessor, notices: [errors.preprocessorAssumed(file, family.name)], file };
}

/** An ONNX file, which holds its own weights: only a head is ever requested. */
async function openOnnxBase(
  file: string,
  commit: { revision: string } | undefined,
  o: BaseModelOptions,
): Promise<Unhashed> {
  const { model, init, seed, imageSize, featureOutput, features: known, place = {}, outputPlace = {} } = o;
  if (init === 'random') throw errors.onnx.noRandomWeights(place);
  const { config, preprocessor, features, sha256, notices } = await openOnnxModel({
    file,
    imageSize,
    featureOutput,
    features: known,
    place,
    outputPlace,
  });
  return {
    reference: () => Promise.resolve({ model, ...commit, init, seed, imageSize: config.imageSize, sha256, features }),
    config,
    json: {},
    preprocessor,
    ...drawn((name, shape, headSeed) => randomWeight(config, name, shape, headSeed)),
    notices,
  };
}

/**
 * Opens a model. Throws a `UserError` when there is none, it is of an unknown architecture, or its files are damaged.
 */
export async function openBaseModel(o: BaseModelOptions): Promise<BaseModel> {
  const { reference, ...model } = await openUnhashed(o);
  return { ...model, reference: await reference() };
}

/** The same without a look at all of the weights, for who needs no name for them. */
export async function openUnhashed(o: BaseModelOptions): Promise<Unhashed> {
  const { model, revision, init, seed, imageSize, place = {} } = o;
  const { path: folder, commit } = await findModelFiles(model, revision, place);
  const onnxFile = await onnxFileOf(folder);
  if (onnxFile !== undefined) return openOnnxBase(onnxFile, commit, o);
  if (o.featureOutput !== undefined) throw errors.onnx.featureOutputUnused(o.outputPlace ?? {});
  const configFile = join(folder, 'config.json');
  if (!(await isThere(configFile))) throw errors.modelNotFound(model, place);
  const json = (await readJson(configFile)) as Record<string, unknown>;
  const config = parseNetwork(json, configFile);
  const { preprocessor, notices, file: preprocessorFile } = await prepared(folder, config, json);
  const { height, width } = preprocessor.transform;
  if (height !== width) throw errors.preprocessorShape(preprocessorFile, width, height);
  if (preprocessor.flipped) throw errors.preprocessorFlipped(preprocessorFile);
  const side = imageSize ?? height;
  if (side === height && side !== config.imageSize && !familyOf(config).interpolates)
    notices.push(errors.preprocessorSize(preprocessorFile, side, config.imageSize));
  if (side !== config.imageSize && side % config.patchSize)
    throw errors.imageSizeInvalid(side, config.patchSize, place);
  const { transform } = preprocessor;
  const sized: Preprocessor = {
    ...preprocessor,
    transform: transform.width === side && transform.height === side ? transform : withImageSize(transform, side),
  };
  const reference = { model, ...commit, init, seed, imageSize: side };
  const common = { config: { ...config, imageSize: side }, json, preprocessor: sized, notices };
  if (init === 'random') {
    // What follows from the family says nothing more, and what is left out can change without making another base of
    // it.
    const { architecture: _, classifiers: _1, features: _2, ...own } = config;
    const sha256 = createHash('sha256')
      .update(JSON.stringify(['random', seed, own]))
      .digest('hex');
    return {
      ...common,
      reference: () => Promise.resolve({ ...reference, sha256 }),
      ...drawn((name, shape, headSeed) => randomWeight(config, name, shape, isHeadOf(config, name) ? headSeed : seed)),
    };
  }
  const { weights, files } = await readWeights(folder, config);
  const resizingOf = (name: string) =>
    side === config.imageSize ? undefined : familyOf(config).resizing(config, name);
  /** Undefined for a head that is to be drawn. */
  const required = (name: string, shape: Shape): StoredTensor | undefined => {
    const found = weights.get(name);
    if (isHeadOf(config, name) && (!found || found.shape.join() !== shape.join())) return undefined;
    if (!found) throw errors.weightMissing(files[0]!, name);
    const expected = resizingOf(name)?.shape ?? shape;
    if (found.shape.join() !== expected.join()) throw errors.weightShape(files[0]!, name, found.shape, expected);
    return found;
  };
  const read: ReadWeight = (name, shape, headSeed, scratch) => {
    const found = required(name, shape);
    return found
      ? (resizingOf(name)?.to(found.data, side) ?? found.read(scratch))
      : randomWeight(config, name, shape, headSeed);
  };
  const placeOf = (name: string, shape: Shape): FilePlace | undefined => {
    const found = weights.get(name);
    return found?.shape.join() === shape.join() && !resizingOf(name) ? found.place : undefined;
  };
  return {
    ...common,
    reference: async () => ({ ...reference, sha256: await hashFiles(files) }),
    ...storesOf(read, placeOf),
    requireWeight: (name, shape) => void required(name, shape),
    place: placeOf,
    owns: (name, shape) => weights.get(name)?.shape.join() === shape.join(),
    storedShape: (name) => weights.get(name)?.shape,
    unused: unusedOf(config, weights),
  };
}

/** A tensor whose numbers are read at each access. */
interface StoredTensor extends Tensor {
  read(into?: Float32Array): Float32Array;
  /** The place of its numbers in a file. */
  place: FilePlace | undefined;
}

/** Every float weight that the graph may read, by its names there; its numbers are read at each access. */
async function readWeights(
  folder: string,
  config: NetworkConfig,
): Promise<{ weights: Map<string, StoredTensor>; files: readonly string[] }> {
  const reader = await openModelWeights(folder);
  try {
    const weights = new Map<string, StoredTensor>();
    const family = familyOf(config);
    for (const [stored, entry] of reader.entries) {
      const names = family.weightNames(config, stored);
      if (!names.length || !isFloat(entry)) continue;
      const [rows, ...rest] = entry.shape;
      if (names.length > 1 && (!rows || rows % names.length)) {
        const multiple = names.length * Math.ceil((rows || 1) / names.length);
        throw errors.weightShape(reader.files[0]!, stored, entry.shape, [multiple, ...rest]);
      }
      const shape = names.length > 1 ? [rows! / names.length, ...rest] : entry.shape;
      const size = entry.elements / names.length;
      let isChecked = false;
      const part = (i: number, into?: Float32Array): Float32Array => {
        const data = reader.readNow(stored, names.length > 1 ? undefined : into);
        if (!isChecked) requireFinite([[stored, { data }]], reader.files[0]!);
        isChecked = true;
        return names.length > 1 ? data.slice(i * size, (i + 1) * size) : data;
      };
      const place = names.length > 1 ? undefined : reader.placeOf(stored);
      for (const [i, name] of names.entries()) {
        // Which one transformers takes depends on its version and on the other names.
        if (weights.has(name)) throw errors.weightTwice(reader.files[0]!, name);
        weights.set(name, {
          shape,
          place,
          read: (into) => part(i, into),
          get data() {
            return part(i);
          },
        });
      }
    }
    return { weights, files: reader.files };
  } finally {
    await reader.close();
  }
}

/**
 * Opens the model of a checkpoint again; throws a `UserError` when what is found is not what the checkpoint was trained
 * on.
 */
export async function reopenBaseModel(reference: BaseReference, checkpoint: string): Promise<BaseModel> {
  const base = await openBaseModel({ ...reference, place: { file: checkpoint } }).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    if (/^ONNX_OUTPUT_/.test(error.code)) throw errors.baseChanged(reference.model, checkpoint);
    throw /^MODEL_NOT_/.test(error.code)
      ? errors.baseMissing(
          reference.model,
          reference.revision && hubNameAt(reference.model, reference.revision),
          checkpoint,
        )
      : error;
  });
  if (base.reference.sha256 !== reference.sha256) throw errors.baseChanged(reference.model, checkpoint);
  return base;
}
