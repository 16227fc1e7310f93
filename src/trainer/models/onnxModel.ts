/**
 * An ONNX file as the frozen body of a model: opened, its features found, and tried on two images before anything is
 * built on it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { readFully } from '../core/fileBytes.js';
import { isThere, openInput } from '../core/files.js';
import { parsePreprocessor, type Preprocessor } from '../data/imageProcessor.js';
import { processorOfModelType } from '../data/processorClasses.js';
import { withImageSize } from '../data/transform.js';
import { errors, reasonOf, UserError, type Place } from '../errors/errors.js';
import { modelFiles, onnxPlaces } from '../hub/hubCache.js';
import { isObject } from '../nn/configFields.js';
import { familyOf, parseNetwork } from '../nn/families.js';
import { poolingOf, type Layout, type OnnxConfig, type Pooling } from '../nn/families/onnx.js';
import { featureCandidates, findFeatureOutput, isTensorOf } from '../onnx/featureOutput.js';
import { readOnnx, type FileInput, type FileTensor, type OnnxFile } from '../onnx/onnxFile.js';
import { graphTo, type OnnxGraph } from '../onnx/onnxGraph.js';
import { ProtobufError } from '../onnx/protobufReader.js';
import type { OnnxInspection } from '../protocol.js';
import { findPreprocessor } from './findPreprocessor.js';
import { readJson } from './modelFiles.js';
import { probe } from './onnxProbe.js';

/** Which tensor the features are, and how it came out when it was tried. */
export interface OnnxFeatures {
  output: string;
  /** For one image. */
  shape: number[];
  /** The network takes images only one by one. */
  single: boolean;
}

export interface OnnxModelOptions {
  file: string;
  /** The tensor to take for features; else it is found. */
  featureOutput?: string | undefined;
  /** What is known from when the file was opened first: then nothing is tried. */
  features?: OnnxFeatures | undefined;
  imageSize?: number | undefined;
  /** Where the config names the model, and the tensor. */
  place: Place;
  outputPlace: Place;
}

export interface OnnxModel {
  config: OnnxConfig;
  preprocessor: Preprocessor;
  features: OnnxFeatures;
  /** Hash of the file, its external weights and the tensor's name. */
  sha256: string;
  /** Decisions that the config left open. */
  notices: UserError[];
}

/** What protobuf can hold. */
const largest = 2 ** 31 - 1;
/** ONNX 1.6, of 2019: before it slices, reductions and softmax were written in other ways. */
const minOpset = 11;

/**
 * The ONNX file that a model's path means: itself, or `model.onnx` of a folder without safetensors, perhaps in its
 * folder `onnx`.
 */
export async function onnxFileOf(model: string): Promise<string | undefined> {
  if (/\.onnx$/i.test(model)) return model;
  const names = await readdir(model).catch((): string[] => []);
  if (names.some((name) => name.endsWith('.safetensors'))) return undefined;
  for (const path of onnxPlaces.map((each) => join(model, each))) if (await isThere(path)) return path;
  return undefined;
}

async function readFileOf(path: string, place: Place, name = path): Promise<{ bytes: Uint8Array; file: OnnxFile }> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw errors.modelNotFound(path, place);
  if (found.size > largest) throw errors.onnx.tooLarge(name, found.size);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw errors.fileUnreadable(path, reasonOf(error));
  });
  try {
    return { bytes, file: readOnnx(bytes) };
  } catch (error) {
    throw error instanceof ProtobufError ? errors.onnx.damaged(name, error.message) : error;
  }
}

/** The names of the external weight files of an ONNX file; `name` is its name in messages. */
export async function weightFilesOf(path: string, name = path): Promise<string[]> {
  const { file } = await readFileOf(path, {}, name);
  return [...new Set([...file.initialisers.values()].flatMap(({ external }) => external?.location ?? []))];
}

const typeNames: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

const described = ({ name, type, shape }: FileInput): string =>
  `${name} ${typeNames[type] ?? `type ${type}`} [${shape?.map((size) => size ?? '?').join(', ') ?? '…'}]`;

/** The one input that takes images, and in which order of axes. */
function inputOf(
  path: string,
  { inputs }: OnnxFile,
): { input: FileInput; layout: Layout; sizes: (number | undefined)[]; batch: number | undefined } {
  const isImage = ({ type, shape }: FileInput): boolean =>
    type in typeNames && (shape === undefined || shape.length === 4);
  const [input, another] = inputs.filter(isImage);
  const [batch, first, second, third] = input?.shape ?? [];
  const layout = first === 3 || (first === undefined && third !== 3) ? 'nchw' : 'nhwc';
  if (!input || another || (layout === 'nhwc' && third !== 3))
    throw errors.onnx.inputUnfit(path, inputs.map(described).join('; ') || '–');
  return { input, layout, batch, sizes: layout === 'nchw' ? [second, third] : [first, second] };
}

/** Inserts the weights from external files. */
async function withWeights(path: string, tensors: readonly FileTensor[]): Promise<FileTensor[]> {
  const folder = dirname(path);
  return Promise.all(
    tensors.map(async (tensor) => {
      if (!tensor.external) return tensor;
      const { location, offset, length } = tensor.external;
      const inFolder = relative(folder, resolve(folder, location));
      if (isAbsolute(location) || isAbsolute(inFolder) || inFolder.startsWith('..')) {
        throw errors.onnx.externalUnusable(path, location, l10n.t('it lies outside the folder'));
      }
      const handle = await openInput(resolve(folder, location)).catch((error: unknown) => {
        throw errors.onnx.externalUnusable(path, location, reasonOf(error));
      });
      try {
        const { size } = await handle.stat();
        const wanted = length ?? size - offset;
        if (wanted < 0 || offset + wanted > size)
          throw errors.onnx.externalUnusable(path, location, l10n.t('it is too short'));
        if (wanted > largest) throw errors.onnx.tooLarge(path, wanted);
        const data = new Uint8Array(wanted);
        if (!(await readFully(handle, data, offset)))
          throw errors.onnx.externalUnusable(path, location, l10n.t('it is too short'));
        return { ...tensor, message: tensor.message.bytes(9, data) };
      } finally {
        await handle.close();
      }
    }),
  );
}

const imageNet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

/**
 * As torchvision prepares images for its models: the shorter side to 256 for an input of 224, the middle of that,
 * ImageNet's mean and deviation.
 */
const torchvisionJson = (side: number): object => ({
  image_processor_type: 'CLIPImageProcessor',
  size: { shortest_edge: Math.round((side * 256) / 224) },
  resample: 2,
  vitune_center: 'rounded',
  crop_size: { height: side, width: side },
  do_center_crop: true,
  ...imageNet,
});

interface Sizing {
  path: string;
  /** Height and width that the file requires. */
  sizes: readonly (number | undefined)[];
  imageSize: number | undefined;
  place: Place;
}

/** The first answer that is one. */
async function firstOf<T>(
  folders: readonly string[],
  ask: (folder: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const folder of folders) {
    const answer = await ask(folder);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** The processor class of the model that a config.json names, if ViTune knows it. */
async function classOfModel(folder: string): Promise<string | undefined> {
  const file = join(folder, modelFiles.config);
  const json = (await isThere(file)) ? await readJson(file) : undefined;
  if (!isObject(json)) return undefined;
  const type = String(json.model_type);
  if (Object.hasOwn(processorOfModelType, type)) return processorOfModelType[type];
  try {
    return familyOf(parseNetwork(json, file)).processor;
  } catch (error) {
    // What else stands in the config of an ONNX file is of no importance here.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * The preprocessing of images; no `notices` if no file next to the model gives it, nor one in the folder above a folder
 * `onnx`.
 */
async function preprocessorOf({
  path,
  sizes,
  imageSize,
  place,
}: Sizing): Promise<{ preprocessor: Preprocessor; notices: readonly UserError[] | undefined }> {
  const folder = dirname(path);
  const folders = [folder, ...(basename(folder) === 'onnx' ? [dirname(folder)] : [])];
  const usualClass = await firstOf(folders, classOfModel);
  const found = await firstOf(folders, (each) => findPreprocessor(each, usualClass));
  const [height, width] = [sizes[0] ?? sizes[1], sizes[1] ?? sizes[0]];
  if (imageSize !== undefined && height !== undefined && imageSize !== height)
    throw errors.onnx.imageSizeFixed(imageSize, height, width!, place);
  const read = found?.preprocessor ?? parsePreprocessor(torchvisionJson(height ?? imageSize ?? 224), path);
  const { transform } = read;
  const [wantedHeight, wantedWidth] = [height ?? imageSize ?? transform.height, width ?? imageSize ?? transform.width];
  if (transform.height === wantedHeight && transform.width === wantedWidth)
    return { preprocessor: read, notices: found?.notices };
  const own = `${transform.width} x ${transform.height}`;
  const notices =
    found && imageSize === undefined
      ? [...found.notices, errors.onnx.sizeFixed(path, wantedHeight, wantedWidth, own)]
      : found?.notices;
  const sized =
    wantedHeight === wantedWidth
      ? withImageSize(transform, wantedHeight)
      : {
          ...transform,
          height: wantedHeight,
          width: wantedWidth,
          resize: { height: wantedHeight, width: wantedWidth },
          crop: false,
        };
  return { preprocessor: { ...read, transform: sized }, notices };
}

const poolingWords: Record<Pooling, () => string> = {
  none: () => l10n.t('used unchanged'),
  firstToken: () => l10n.t('its first token is used'),
  meanOfTokens: () => l10n.t('the mean of its tokens is used'),
  meanOfPositions: () => l10n.t('the mean over its positions is used'),
};

/** What the config names, what is known, or what is found; it must be a tensor of the file. */
function outputOf(file: OnnxFile, { featureOutput, features, outputPlace }: OnnxModelOptions): string {
  const name = features?.output ?? featureOutput;
  if (name !== undefined && !isTensorOf(file, name))
    throw errors.onnx.outputUnknown(name, featureCandidates(file), outputPlace);
  return name ?? findFeatureOutput(file);
}

async function graphOf(path: string, file: OnnxFile, input: FileInput, output: string): Promise<OnnxGraph> {
  const graph = graphTo(file, input, output);
  if (!('missing' in graph)) return graph.with({ tensors: await withWeights(path, graph.parts.tensors) });
  if (file.inputs.some(({ name }) => name === graph.missing))
    throw errors.onnx.inputUnfit(path, file.inputs.map(described).join('; '));
  throw errors.onnx.damaged(path, l10n.t('no node computes the tensor {0}', graph.missing));
}

/** What an ONNX file offers as features, without running it. Throws a `UserError` if it is not such a file. */
export async function inspectOnnx(path: string): Promise<OnnxInspection> {
  const { file } = await readFileOf(path, { file: path });
  const found = findFeatureOutput(file);
  return { type: 'onnx', found, tensors: [...new Set([found, ...featureCandidates(file)])] };
}

/** Opens an ONNX file. Throws a `UserError` when it is none, takes no images, or gives no features of them. */
export async function openOnnxModel(o: OnnxModelOptions): Promise<OnnxModel> {
  const path = o.file;
  const { bytes, file } = await readFileOf(path, o.place);
  if (file.opset < minOpset) throw errors.onnx.opsetTooOld(path, file.opset, minOpset);
  const { input, layout, sizes, batch } = inputOf(path, file);
  const output = outputOf(file, o);
  const found = await graphOf(path, file, input, output);
  const total = found.parts.tensors.reduce((sum, { message }) => sum + message.length, 0);
  if (total > largest) throw errors.onnx.tooLarge(path, total);
  const hash = createHash('sha256').update(bytes);
  for (const { message, external } of found.parts.tensors) if (external) hash.update(message.finish());
  const sha256 = hash.update(JSON.stringify(output)).digest('hex');
  const { preprocessor, notices: open } = await preprocessorOf({ path, sizes, imageSize: o.imageSize, place: o.place });
  const { height, width } = preprocessor.transform;
  const takesBytes = input.type === 2;
  const shape = layout === 'nchw' ? [3, height, width] : [height, width, 3];
  const graph = found.with({ key: sha256 });
  const features = o.features ?? {
    output,
    ...(await probe(graph, {
      path,
      shape,
      takesBytes,
      batch,
      unfit: (tried) => errors.onnx.outputUnfit(output, tried, featureCandidates(file), o.outputPlace),
    })),
  };
  const pooled = poolingOf(features.shape);
  if (!pooled) throw errors.onnx.outputUnfit(output, [2, ...features.shape], featureCandidates(file), o.outputPlace);
  const config: OnnxConfig = {
    family: 'onnx',
    imageSize: height,
    patchSize: 1,
    hiddenSize: pooled.width,
    layers: 0,
    heads: 1,
    hiddenDropout: 0,
    attentionDropout: 0,
    labels: [],
    architecture: 'OnnxBackbone',
    classifiers: ['classifier'],
    features: pooled.width,
    graph: features.single ? graph.with({ single: { input: shape, output: features.shape } }) : graph,
    layout,
    takesBytes,
    output: { name: output, shape: features.shape },
  };
  const notices = [
    ...(open ?? []),
    errors.onnx.featuresChosen(
      path,
      output,
      ['batch', ...features.shape],
      poolingWords[pooled.pooling](),
      featureCandidates(file),
    ),
  ];
  if (!open && !takesBytes) notices.push(errors.onnx.normalisationAssumed(path));
  return { config, preprocessor, features, sha256, notices };
}
