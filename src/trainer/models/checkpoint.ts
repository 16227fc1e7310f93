/** What a checkpoint folder holds: enough to classify with, to resume from, and for PEFT or transformers to load. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readTextInput } from '../core/files.js';
import * as z from 'zod';
import { readSafetensors, requireFinite, writeSafetensors, type Tensor } from '../checkpoint/safetensors.js';
import { methodObject, takesSteps } from '../config/methods.js';
import { parsePreprocessor, preprocessorJson, type Preprocessor } from '../data/imageProcessor.js';
import type { ModelSpec } from '../compile/compile.js';
import type { ParameterSpec } from '../compile/scope.js';
import { WeightStore } from '../compile/weightStore.js';
import type { ReadState, Values } from '../engine/trainable.js';
import { errors, reasonOf, UserError } from '../errors/errors.js';
import type { Shape } from '../ir/op.js';
import type { MethodConfig } from '../config/methodConfig.js';
import { ConfigFields } from '../nn/configFields.js';
import { floatFields } from '../nn/floatFields.js';
import { familyOf, parseNetwork } from '../nn/families.js';
import { isOnnx } from '../nn/families/onnx.js';
import type { NetworkConfig } from '../nn/networkConfig.js';
import { bank, oneHot } from '../nn/neighbors.js';
import { isHeadOf, unusedLayersOf } from '../nn/networkMap.js';
import { isAdapter } from '../peft/method.js';
import { adaptedLayers, peftTargets } from '../peft/peftTargets.js';
import type { Task } from '../protocol.js';
import { jsonText, parseJson } from '../core/json.js';
import { logitNames, tasksJson, tasksOf } from '../core/tasks.js';
import { reopenBaseModel, unusedOf, type BaseModel, type BaseReference, type UnusedWeights } from './baseModel.js';
import { readCalibration, type LoadedCalibration } from './calibrationFile.js';
import { hashFiles } from './modelFiles.js';
import { asRead, asStored } from './storedWeights.js';
import { hashesOf, verifyWeights, type WeightHashes } from './weightHashes.js';

/**
 * The state that a resume needs in addition to parameters and moments; everything random follows from the seed and the
 * step.
 */
export interface Progress {
  /** Optimiser steps done. */
  step: number;
  /** The best evaluation so far, by the run's metric. */
  best?: { step: number; accuracy: number; loss: number };
  /** Evaluations since then. */
  evaluationsSinceBest: number;
  /** Whether a stop came before the evaluation after the last step was over. */
  unevaluated?: true | undefined;
  /** Of the dataset the run was started on: names and labels in their order. */
  dataset: string;
  /** The commit of a dataset on the hub. */
  datasetRevision?: string | undefined;
}

export interface CheckpointContent {
  base: BaseModel;
  /** The config the network was built by. */
  network: NetworkConfig;
  method: MethodConfig;
  tasks: readonly Task[];
  parameters: readonly ParameterSpec[];
  /** The weights that did not train. */
  frozen: readonly ParameterSpec[];
  state: ReadState;
  progress: Progress;
}

const files = {
  config: 'config.json',
  preprocessor: 'preprocessor_config.json',
  about: 'vitune.json',
  adapter: 'adapter_model.safetensors',
  adapterConfig: 'adapter_config.json',
  model: 'model.safetensors',
  neighbors: 'neighbors.safetensors',
  optimizer: 'optimizer.safetensors',
  progress: 'state.json',
};

/** PEFT's prefix of every name in an adapter file. */
const peftPrefix = 'base_model.model.';
/** Whether a checkpoint holds the whole model, rather than what the method added to it. */
const isWhole = ({ type }: MethodConfig): boolean => type === 'full' || type === 'partial';

function adapterConfigJson({ method, base, network, parameters, frozen }: CheckpointContent): object {
  const lora = method.type === 'lora' || method.type === 'qlora' ? method : undefined;
  const adapted = adaptedLayers(parameters.map(({ name }) => name));
  const modules = [...parameters, ...frozen].map(({ name }) => name.slice(0, name.lastIndexOf('.')));
  return {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: base.reference.model,
    revision: base.reference.revision ?? null,
    inference_mode: true,
    r: lora?.rank ?? 1,
    lora_alpha: lora?.alpha ?? 1,
    lora_dropout: lora?.dropout ?? 0,
    // PEFT's own word for "no layer": such an adapter holds nothing but the head.
    target_modules: adapted.length
      ? peftTargets(adapted, [...modules, ...unusedLayersOf(network)])
      : 'dummy-target-modules',
    modules_to_save: network.classifiers,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: lora?.useRslora ?? false,
    use_dora: lora?.useDora ?? false,
    init_lora_weights: true,
  };
}

const writeJson = (file: string, value: unknown): Promise<void> => writeFile(file, jsonText(value));

/**
 * The files that transformers reads in addition to the weights: config.json, from that of the base, and
 * preprocessor_config.json. `more` are further fields of config.json.
 */
export async function writeModelConfig(
  folder: string,
  {
    json,
    network,
    tasks,
    preprocessor,
  }: Pick<LoadedCheckpoint, 'json' | 'network' | 'preprocessor'> & { tasks: readonly Task[] },
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const [first, ...others] = tasks;
  const labels = logitNames(tasks);
  const config = {
    ...familyOf(network).checkpointJson(json, network, labels),
    architectures: [network.architecture],
    num_labels: undefined,
    id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    // transformers has no word for several tasks, whose logits lie side by side.
    problem_type: others.length
      ? undefined
      : first!.multiLabel
        ? 'multi_label_classification'
        : 'single_label_classification',
    ...tasksJson(tasks),
    ...more,
  };
  await writeFile(join(folder, files.config), jsonText(config, floatFields));
  await writeJson(join(folder, files.preprocessor), preprocessorJson(preprocessor));
}

/** Writes everything into `folder`, which exists and is empty. */
export async function writeCheckpoint(folder: string, content: CheckpointContent): Promise<void> {
  const { base, network, method, tasks, parameters, frozen, state, progress } = content;
  await writeModelConfig(folder, { json: base.json, network, tasks, preprocessor: base.preprocessor });
  const named = (values: Values, nameOf: (name: string) => string): [string, Tensor][] =>
    parameters.map(({ name, shape }) => [nameOf(name), { shape: [...shape], data: values.get(name)! }]);
  // The averages are what was evaluated, and what others should load; to go on, the parameters themselves are needed
  // too.
  const values = state.ema ?? state.parameters;
  if (method.type === 'pretrained') {
    await writeSafetensors(
      join(folder, files.neighbors),
      named(values, (name) => name),
    );
  } else if (isWhole(method)) {
    const rest = frozen.map(({ name, shape }): [string, Tensor] => [
      name,
      { shape: [...shape], data: base.weight(name, shape, 0) },
    ]);
    const unused = base.unused(new Set([...parameters, ...frozen].map(({ name }) => name)));
    const whole = asStored(network, [...named(values, (name) => name), ...rest]);
    await writeSafetensors(join(folder, files.model), [...whole, ...unused], { format: 'pt' });
  } else {
    await writeSafetensors(
      join(folder, files.adapter),
      named(values, (name) => peftPrefix + name),
      { format: 'pt' },
    );
    // PEFT knows no bottleneck adapters: it must not take the file for one of its own and load the head alone. Nor does
    // it know ONNX files, or layers that are others in Python.
    if (method.type !== 'adapter' && !isOnnx(network) && !familyOf(network).notForPeft)
      await writeJson(join(folder, files.adapterConfig), adapterConfigJson(content));
  }
  if (takesSteps(method)) {
    await writeSafetensors(join(folder, files.optimizer), [
      ...named(state.m, (name) => `m:${name}`),
      ...named(state.v, (name) => `v:${name}`),
      ...(state.ema ? named(state.parameters, (name) => `p:${name}`) : []),
    ]);
  }
  const sha256 = await hashesOf(folder, weightFilesOf(method));
  await writeJson(join(folder, files.about), { format: 1, base: base.reference, method, sha256 });
  const { step, best, evaluationsSinceBest, unevaluated, dataset, datasetRevision } = progress;
  // In one order, so that a resumed run writes the same bytes.
  await writeJson(join(folder, files.progress), {
    step,
    best: best && { step: best.step, accuracy: best.accuracy, loss: best.loss },
    evaluationsSinceBest,
    unevaluated,
    dataset,
    datasetRevision,
  });
}

/** Options that a method has got since the checkpoint was saved take their defaults. */
const aboutSchema = () =>
  z.object({
    format: z.literal(1),
    base: z.object({
      model: z.string(),
      revision: z.string().optional(),
      init: z.enum(['pretrained', 'random']),
      seed: z.number(),
      imageSize: z.number(),
      sha256: z.string(),
      features: z
        .object({ output: z.string().min(1), shape: z.array(z.int().min(1)).min(1).max(3), single: z.boolean() })
        .optional(),
    }),
    method: methodObject(),
    sha256: z.record(z.string(), z.string()).optional(),
  });

const progressSchema = z.object({
  step: z.int().min(0),
  best: z.object({ step: z.number(), accuracy: z.number(), loss: z.number() }).optional(),
  evaluationsSinceBest: z.int().min(0),
  unevaluated: z.literal(true).optional(),
  dataset: z.string(),
  datasetRevision: z.string().optional(),
});

async function parsed<T>(file: string, parse: (json: unknown) => T): Promise<T> {
  const text = await readTextInput(file).catch((error: unknown) => {
    throw errors.checkpointDamaged(file, reasonOf(error));
  });
  try {
    return parse(parseJson(text));
  } catch (error) {
    if (error instanceof z.ZodError)
      throw errors.checkpointDamaged(file, z.prettifyError(error).replaceAll(/\s+/g, ' '));
    if (error instanceof SyntaxError) throw errors.checkpointDamaged(file, reasonOf(error));
    throw error;
  }
}

/** The model that a checkpoint was trained on. */
export async function readBaseReference(folder: string): Promise<BaseReference> {
  return (await parsed(join(folder, files.about), (json) => aboutSchema().parse(json))).base;
}

/** How far the run was at a checkpoint, and on which images. */
export const readProgress = (folder: string): Promise<Progress> =>
  parsed(join(folder, files.progress), (json) => progressSchema.parse(json));

/** A checkpoint opened for classification. */
export interface LoadedCheckpoint {
  folder: string;
  /** Its config.json, or that of its base. */
  json: Record<string, unknown>;
  /** The base model that it needs in addition to its own weights, if any. */
  base?: BaseModel | undefined;
  network: NetworkConfig;
  preprocessor: Preprocessor;
  method: MethodConfig;
  /** A name for each logit. */
  labels: string[];
  /** The weights of a whole model beyond those of the network. */
  unused?: UnusedWeights | undefined;
  tasks: Task[];
  /** Of the method `pretrained`: how it compares images with those it has. */
  neighbors?: ModelSpec['neighbors'];
  /** Every weight of the network, trained or not. */
  weights: WeightStore;
  /** How sure its probabilities may be, where that is known. */
  calibrated?: LoadedCalibration | undefined;
  /** What the files leave open, reported to the user. */
  notices?: readonly UserError[] | undefined;
}

/** The file with what the method trained. */
const trainedFileOf = (method: MethodConfig): string =>
  method.type === 'pretrained' ? files.neighbors : isWhole(method) ? files.model : files.adapter;

/** All files with weights. */
const weightFilesOf = (method: MethodConfig): string[] => [
  trainedFileOf(method),
  ...(takesSteps(method) ? [files.optimizer] : []),
];

type About = z.output<ReturnType<typeof aboutSchema>>;

/** What the method trained, by the names that the graph has. */
async function readTrained(
  folder: string,
  { method, sha256 }: Pick<About, 'method' | 'sha256'>,
): Promise<{ file: string; values: Map<string, Tensor> }> {
  const file = join(folder, trainedFileOf(method));
  const values = await readValues(file, file.endsWith(files.adapter) ? peftPrefix : '', sha256);
  if (!isWhole(method)) return { file, values };
  const configFile = join(folder, files.config);
  const network = await parsed(configFile, (json) => parseNetwork(json, configFile));
  return { file, values: asRead(network, values) };
}

/** Names a defect of the format before a mere difference from what was saved. */
async function readValues(
  file: string,
  prefix: string,
  sha256: WeightHashes | undefined,
): Promise<Map<string, Tensor>> {
  const { tensors } = await readSafetensors(file);
  requireFinite(tensors, file);
  await verifyWeights(file, sha256);
  return new Map(
    [...tensors].map(([name, tensor]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor]),
  );
}

/** How many images the bank has, once its labels are known to be labels. */
function imagesOf(values: Map<string, Tensor>, labels: number, file: string): number {
  const truth = values.get(bank.labels);
  if (!truth) throw errors.weightMissing(file, bank.labels);
  if (
    truth.shape.length !== 1 ||
    !truth.data.length ||
    truth.data.some((label) => !Number.isInteger(label) || label < 0 || label >= labels)
  ) {
    throw errors.checkpointDamaged(file, bank.labels);
  }
  return truth.data.length;
}

/** Opens a checkpoint; throws a `UserError` when it is damaged or its base model is not what it was. */
export async function openCheckpoint(folder: string): Promise<LoadedCheckpoint> {
  const about = await parsed(join(folder, files.about), (json) => aboutSchema().parse(json));
  const { base, method } = about;
  const configFile = join(folder, files.config);
  const json = await parsed(configFile, (value) => value as Record<string, unknown>);
  const opened = isWhole(method) ? undefined : await reopenBaseModel(base, folder);
  const network =
    opened && isOnnx(opened.config)
      ? { ...opened.config, labels: new ConfigFields(json, configFile).labels() }
      : parseNetwork(json, configFile);
  if (!network.labels.length) throw errors.checkpointDamaged(configFile, 'id2label');
  const tasks = tasksOf(json, network.labels, configFile);
  const preprocessorFile = join(folder, files.preprocessor);
  const preprocessor = await parsed(preprocessorFile, (json) => parsePreprocessor(json, preprocessorFile));
  const { file, values } = await readTrained(folder, about);
  const neighbors =
    method.type === 'pretrained' ? { ...method, images: imagesOf(values, network.labels.length, file) } : undefined;
  const read = (name: string, shape: Shape, scratch?: Float32Array): Float32Array => {
    if (name === bank.labels && neighbors) return oneHot(values.get(name)!.data, shape);
    const found = values.get(name);
    if (found && found.shape.join() !== shape.join()) throw errors.weightShape(file, name, found.shape, shape);
    if (!found && (!opened || name === bank.features || isHeadOf(network, name) || isAdapter(name)))
      throw errors.weightMissing(file, name);
    return found?.data ?? opened!.weights(0).read(name, shape, scratch);
  };
  // A head that the base comes with is not this model's.
  const place = (name: string, shape: Shape) =>
    values.has(name) || isHeadOf(network, name) ? undefined : opened?.place(name, shape);
  const unused = opened?.unused ?? unusedOf(network, values);
  const calibrated = await readCalibration(folder, await hashOfTrained(folder, about), tasks);
  const { labels } = network;
  return {
    folder,
    json,
    base: opened,
    network,
    preprocessor,
    method,
    labels,
    tasks,
    neighbors,
    weights: new WeightStore({ read, place }),
    unused,
    ...(calibrated instanceof UserError ? { notices: [calibrated] } : { calibrated }),
  };
}

/** The hash of what the method trained, which says what a calibration belongs to. */
async function hashOfTrained(folder: string, { method, sha256 }: Pick<About, 'method' | 'sha256'>): Promise<string> {
  const name = trainedFileOf(method);
  return sha256?.[name] ?? hashFiles([join(folder, name)]);
}

/** The same of a checkpoint on disk. */
export const hashOfWeights = async (folder: string): Promise<string> =>
  hashOfTrained(folder, await parsed(join(folder, files.about), (json) => aboutSchema().parse(json)));

/** What a run trains, to be held against what its checkpoint was saved from. */
export interface Trained {
  base: BaseReference;
  method: MethodConfig;
  parameters: readonly ParameterSpec[];
}

/**
 * Parameters and moments of a checkpoint, to go on from.
 * @throws UserError when it is damaged, or was trained on another base model or by another method.
 */
export async function readState(folder: string, { base, method, parameters }: Trained): Promise<ReadState> {
  const about = await parsed(join(folder, files.about), (json) => aboutSchema().parse(json));
  if (about.base.sha256 !== base.sha256 || about.base.imageSize !== base.imageSize)
    throw errors.baseChanged(base.model, folder);
  if (!isDeepStrictEqual(about.method, method)) throw errors.methodChanged(folder);
  const { file: modelFile, values } = await readTrained(folder, about);
  if (!takesSteps(method)) return { parameters: new Map(), m: new Map(), v: new Map() };
  const optimizerFile = join(folder, files.optimizer);
  const moments = await readValues(optimizerFile, '', about.sha256);
  const pick = (from: Map<string, Tensor>, file: string, nameOf: (name: string) => string): Values =>
    new Map(
      parameters.map(({ name, shape }) => {
        const found = from.get(nameOf(name));
        if (!found) throw errors.weightMissing(file, nameOf(name));
        if (found.shape.join() !== shape.join()) throw errors.weightShape(file, name, found.shape, shape);
        return [name, found.data];
      }),
    );
  const saved = pick(values, modelFile, (name) => name);
  const isAveraged = parameters.some(({ name }) => moments.has(`p:${name}`));
  return {
    ...(isAveraged
      ? { parameters: pick(moments, optimizerFile, (name) => `p:${name}`), ema: saved }
      : { parameters: saved }),
    m: pick(moments, optimizerFile, (name) => `m:${name}`),
    v: pick(moments, optimizerFile, (name) => `v:${name}`),
  };
}
