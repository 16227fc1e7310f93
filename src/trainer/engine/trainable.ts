/**
 * A model in training: its parameters and moments on the device, and the compiled graphs that read and replace them.
 */
import {
  compileAccumulation,
  compileForward,
  compileStep,
  compileValidation,
  embedding,
  type ModelSpec,
} from '../compile/compile.js';
import { names } from '../optim/stateNames.js';
import type { OptimizerSpec } from '../optim/buildUpdate.js';
import { features } from '../compile/split.js';
import type { MaskSpec, ParameterSpec } from '../compile/scope.js';
import { Builder } from '../ir/builder.js';
import type { Graph } from '../ir/graph.js';
import { sizeOf } from '../ir/shape.js';
import { emaDecayAt } from '../optim/ema.js';
import { Random } from '../core/random.js';
import type { Engine, Executable } from './engine.js';
import { drawMask } from './masks.js';
import { hostTensor, type Tensor, type Tensors } from './tensor.js';
import { Swap, swapsGraphs } from './swap.js';

/** One batch as the graphs read it. */
export interface TrainBatch {
  /** [batch, height, width, 3]; where the model has a cut, the features that stand for the images. */
  images: Uint8Array | Float32Array;
  /** [batch, labels], probabilities. */
  targets: Float32Array;
  /** [batch]; they sum to 1 over all parts of an optimiser step. */
  weights: Float32Array;
}

export interface TrainableOptions {
  model: ModelSpec;
  optimizer: OptimizerSpec;
  batchSize: number;
  evalBatchSize: number;
  /** Whether an optimiser step may have several parts. */
  accumulates: boolean;
  /** Names the streams of the dropout masks. */
  seed: number;
  /** The step from which on every patch is trained on, in spite of the model's `patchDropout`. */
  allPatchesFrom?: number | undefined;
  /** Bytes of frozen weights from which the graphs for steps and evaluation are swapped on the CPU. */
  swapFrom?: number;
}

/** Numbers by parameter name. */
export type Values = Map<string, Float32Array>;

export interface TrainableState {
  parameters: Values;
  /** First and second moments; absent before the first step. */
  m?: Values;
  v?: Values;
  /**
   * Moving averages of the parameters, where the optimizer keeps them; absent at the start, where they equal the
   * parameters.
   */
  ema?: Values;
}

/** What `read` gives: everything that there is. */
export type ReadState = Required<Omit<TrainableState, 'ema'>> & Pick<TrainableState, 'ema'>;

export class Trainable {
  readonly parameters: ParameterSpec[];
  /** Everything that is fed to each step and replaced by it: parameters, moments and averages by their input names. */
  #state: Tensors = {};
  #read?: Executable;

  private constructor(
    private readonly engine: Engine,
    private readonly o: TrainableOptions,
    private readonly load: Load,
    private forward: Executable | undefined,
    private steps: Steps | undefined,
    /** Whether `logits` are rounded as the steps are, rather than those of the model that is saved. */
    public isRounded: boolean,
  ) {
    this.parameters = steps!.parameters;
    this.#leavesOut = steps!.masks.some((mask) => 'special' in mask);
  }

  /** Whether steps see some of the patches alone. */
  #leavesOut: boolean;

  static async create(engine: Engine, o: TrainableOptions): Promise<Trainable> {
    const loaded: Executable[] = [];
    const { graph: evaluation, isRounded } = compileValidation(o.model, o.evalBatchSize);
    const swap = swapsGraphs(evaluation, engine.device, o.swapFrom) ? new Swap(engine) : undefined;
    const load: Load = async (graph, swaps = true) => {
      const options = { keep: [...graph.outputs.keys()].filter((name) => name.startsWith(names.next(''))) };
      loaded.push(swap && swaps ? swap.executable(() => graph, options) : await engine.load(graph, options));
      return loaded.at(-1)!;
    };
    try {
      const forward = await load(evaluation);
      return new Trainable(engine, o, load, forward, await loadSteps(o, o.model, load), isRounded);
    } catch (error) {
      // Memory may have run out, and a smaller batch may come next.
      for (const each of loaded) await each.dispose();
      throw error;
    }
  }

  /** Sets parameters, moments (zeros where absent) and averages (the parameters where absent). */
  restore({ parameters, m, v, ema = parameters }: TrainableState): void {
    this.#replace(
      Object.fromEntries(
        this.parameters.flatMap(({ name, shape }) => {
          const tensor = (values?: Values): Tensor =>
            hostTensor('f32', shape, values?.get(name) ?? new Float32Array(sizeOf(shape)));
          if (!parameters.has(name)) throw new Error(`no value for the parameter ${name}`);
          return [
            [name, tensor(parameters)],
            [names.moment1(name), tensor(m)],
            [names.moment2(name), tensor(v)],
            ...(this.o.optimizer.ema ? [[names.average(name), tensor(ema)] as [string, Tensor]] : []),
          ];
        }),
      ),
    );
  }

  #replace(state: Tensors): void {
    for (const tensor of Object.values(this.#state)) tensor.dispose();
    this.#state = state;
  }

  /** The parameters by name, or in their place the tensors that `nameOf` names. */
  #parameterTensors(nameOf = (parameter: string): string => parameter): Tensors {
    return Object.fromEntries(this.parameters.map(({ name }) => [name, this.#state[nameOf(name)]!]));
  }

  #inputs({ images, targets, weights }: TrainBatch, step: number, part: number): Tensors {
    const { batchSize, model, seed } = this.o;
    const masks = this.steps!.masks.map((mask) => [
      mask.name,
      hostTensor('u8', mask.shape, drawMask(mask, new Random(seed, mask.name, step, part))),
    ]);
    return {
      ...imagesFeed(model, batchSize, images),
      targets: hostTensor('f32', [batchSize, model.labels], targets),
      weights: hostTensor('f32', [batchSize], weights),
      ...(Object.fromEntries(masks) as Tensors),
    };
  }

  #scalars(step: number, learningRate: number): Tensors {
    const { beta1, beta2, ema } = this.o.optimizer;
    const scalar = (value: number): Tensor => hostTensor('f32', [], Float32Array.of(value));
    return {
      learningRate: scalar(learningRate),
      correction1: scalar(1 - beta1 ** (step + 1)),
      correction2: scalar(Math.sqrt(1 - beta2 ** (step + 1))),
      ...(ema ? { oneMinusDecay: scalar(1 - emaDecayAt(ema.decay, step)) } : {}),
    };
  }

  /**
   * One optimiser step, number `step` counted from 0, on one or several parts. Returns the loss before it and the
   * gradient's norm. After each part but the last `onPart` hears the sum of the weighted losses so far.
   */
  async step(
    parts: readonly TrainBatch[],
    step: number,
    learningRate: number,
    onPart?: (part: number, loss: number) => Promise<void>,
  ): Promise<{ loss: number; gradientNorm: number }> {
    if (this.#leavesOut && step >= (this.o.allPatchesFrom ?? Infinity)) await this.#keepAllPatches();
    const { step: whole, accumulate, update } = this.steps!;
    const number = (tensor: Tensor | undefined): number => tensor!.data[0]!;
    if (whole) {
      const { loss, gradientNorm, ...next } = await whole.run({
        ...this.#inputs(parts[0]!, step, 0),
        ...this.#scalars(step, learningRate),
        ...this.#state,
      });
      this.#replace(renamed(next));
      return { loss: number(loss), gradientNorm: number(gradientNorm) };
    }
    let sum = 0;
    let grads: Tensors = Object.fromEntries(
      this.parameters.map(({ name, shape }) => [
        names.gradient(name),
        hostTensor('f32', shape, new Float32Array(sizeOf(shape))),
      ]),
    );
    for (const [i, part] of parts.entries()) {
      const { loss, ...next } = await accumulate!.run({
        ...this.#inputs(part, step, i),
        ...this.#parameterTensors(),
        ...grads,
      });
      sum += number(loss);
      for (const tensor of Object.values(grads)) tensor.dispose();
      grads = renamed(next);
      if (i < parts.length - 1) await onPart?.(i, sum);
    }
    const { gradientNorm, ...next } = await update!.run({
      ...this.#scalars(step, learningRate),
      ...this.#state,
      ...grads,
    });
    for (const tensor of Object.values(grads)) tensor.dispose();
    this.#replace(renamed(next));
    return { loss: sum, gradientNorm: number(gradientNorm) };
  }

  /** From here on steps see every patch. */
  async #keepAllPatches(): Promise<void> {
    for (const each of executablesOf(this.steps)) await each.dispose();
    this.steps = await loadSteps(this.o, { ...this.o.model, patchDropout: 0 }, this.load);
    this.#leavesOut = false;
  }

  /**
   * Logits [evalBatchSize, labels] of images [evalBatchSize, height, width, 3], or of their features where the model
   * has a cut; by the averages where such are kept. Rounded while `isRounded`.
   */
  async logits(images: Uint8Array | Float32Array): Promise<Float32Array> {
    return (await this.infer(images)).logits;
  }

  /** The same with what the head reads, [evalBatchSize, width]. */
  async infer(images: Uint8Array | Float32Array): Promise<{ logits: Float32Array; embedding: Float32Array }> {
    const { evalBatchSize, model, optimizer } = this.o;
    const outputs = await this.forward!.run({
      ...imagesFeed(model, evalBatchSize, images),
      ...this.#parameterTensors(optimizer.ema && names.average),
    });
    return inferredOf(outputs);
  }

  /** Copies of parameters, moments and averages. */
  async read(): Promise<ReadState> {
    const state = await this.#onCpu();
    const pick = (nameOf: (parameter: string) => string): Values =>
      new Map(this.parameters.map(({ name }) => [name, (state[nameOf(name)]!.data as Float32Array).slice()]));
    const averages = this.o.optimizer.ema ? { ema: pick(names.average) } : {};
    return { parameters: pick((name) => name), m: pick(names.moment1), v: pick(names.moment2), ...averages };
  }

  /**
   * What is on the device comes back through a graph that only copies: ONNX Runtime cannot read a device's tensor
   * directly.
   */
  async #onCpu(): Promise<Tensors> {
    if (!Object.values(this.#state).some((tensor) => tensor.isOnDevice)) return this.#state;
    if (!this.#read) {
      const b = new Builder();
      const { ema } = this.o.optimizer;
      for (const { name, shape } of this.parameters) {
        const kept = [name, names.moment1(name), names.moment2(name), ...(ema ? [names.average(name)] : [])];
        for (const each of kept) b.output(names.next(each), b.input(each, shape));
      }
      this.#read = await this.engine.load(b.graph);
    }
    return renamed(await this.#read.run(this.#state));
  }

  /** From here on `logits` are in fp32, those of the saved model; there are no more steps. */
  async toFloats(): Promise<void> {
    const before = [this.forward, ...executablesOf(this.steps)];
    this.forward = undefined;
    this.steps = undefined;
    for (const each of before) await each?.dispose();
    const { graph } = compileForward(this.o.model, this.o.evalBatchSize, { embeds: true });
    this.forward = await this.engine.load(graph);
    this.isRounded = false;
  }

  async dispose(): Promise<void> {
    this.#replace({});
    for (const each of [this.forward, ...executablesOf(this.steps), this.#read]) await each?.dispose();
  }
}

/** Loads a graph; one that does not swap stays loaded beside the others. */
type Load = (graph: Graph, swaps?: boolean) => Promise<Executable>;

/** The graphs of an optimiser step, either whole or in two, and what is fed to them. */
interface Steps {
  parameters: ParameterSpec[];
  masks: MaskSpec[];
  step?: Executable;
  accumulate?: Executable;
  update?: Executable;
}

async function loadSteps(o: TrainableOptions, model: ModelSpec, load: Load): Promise<Steps> {
  if (!o.accumulates) {
    const { step, ...signature } = compileStep(model, o.optimizer, o.batchSize);
    return { ...signature, step: await load(step) };
  }
  const { accumulate, update, ...signature } = compileAccumulation(model, o.optimizer, o.batchSize);
  return { ...signature, accumulate: await load(accumulate), update: await load(update, false) };
}

const executablesOf = (steps: Steps | undefined): Executable[] =>
  [steps?.step, steps?.accumulate, steps?.update].filter((each) => each !== undefined);

/** What the graphs of `model` know the images by. */
export function imagesFeed({ cut, height, width }: ModelSpec, batch: number, data: Uint8Array | Float32Array): Tensors {
  if (!cut) return { images: hostTensor('u8', [batch, height, width, 3], data) };
  const [first, ...rest] = cut.shape as [number, ...number[]];
  return { [features]: hostTensor('f32', [batch * first, ...rest], data) };
}

/** What a forward graph that embeds gives of a batch, in host memory. */
export const inferredOf = (outputs: Tensors): { logits: Float32Array; embedding: Float32Array } => ({
  logits: outputs.logits!.data as Float32Array,
  embedding: outputs[embedding]!.data as Float32Array,
});

/** `next:x` becomes `x`. */
const renamed = (outputs: Tensors): Tensors =>
  Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name.slice(names.next('').length), tensor]));
