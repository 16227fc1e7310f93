/** The engine of @tensorflow/tfjs-node-gpu: runs a graph of the IR kernel by kernel, on a graphics card or the CPU. */
import * as l10n from '@vscode/l10n';
import { timed } from '../../core/stages.js';
import { toHalves } from '../../core/float16.js';
import { eliminateDeadCode } from '../../compile/passes.js';
import { errors } from '../../errors/errors.js';
import type { Graph } from '../../ir/graph.js';
import { numbersOf, type ConstantData, type DType } from '../../ir/op.js';
import { sameShape } from '../../ir/shape.js';
import type { Node, Value } from '../../ir/value.js';
import type { Engine, Executable, LoadOptions } from '../engine.js';
import { HostTensor, hostTensor, type Tensor, type TensorData, type Tensors } from '../tensor.js';
import type { Binding, Handle } from './binding.js';
import { Kernels } from './kernels.js';
import { loadBinding } from './package.js';
import { compute } from './rules.js';
import { TfjsTensor } from './tfjsTensor.js';

export class TfjsEngine implements Engine {
  readonly device = 'tensorflow';
  readonly #weights: Weights = new Map();

  get onCpu(): boolean {
    return !loadBinding().isUsingGpuDevice();
  }

  /** Throws a `UserError` for a graph with a network from an ONNX file, whose operators TensorFlow does not have. */
  load(graph: Graph, { keep = [] }: LoadOptions = {}): Promise<Executable> {
    const live = eliminateDeadCode(graph);
    if (live.nodes.some(({ op }) => op.type === 'foreign'))
      return Promise.reject(errors.onnx.notOnDevice(this.device, l10n.t('it is for ONNX Runtime.')));
    return timed('session', () => new Program(loadBinding(), live, new Set(keep), this.#weights));
  }
}

/**
 * Frozen weights on the device, which all graphs of a model share: by their numbers, and by type and shape. `graphs`
 * counts those that hold one.
 */
type Weights = Map<ConstantData, Map<string, { handle: Handle; graphs: number }>>;

/** A graph whose frozen weights are on the device. */
class Program implements Executable {
  readonly #kernels: Kernels;
  /** Handles of constants, by the id of the value. */
  readonly #constants = new Map<number, Handle>();
  readonly #held: { numbers: ConstantData; type: string }[] = [];
  /** The nodes to compute, each with the ids of the values that nothing reads after it. */
  readonly #steps: { node: Node; last: number[] }[] = [];
  readonly #inputs = new Map<string, Value>();

  constructor(
    private readonly binding: Binding,
    private readonly graph: Graph,
    private readonly keep: ReadonlySet<string>,
    private readonly weights: Weights,
  ) {
    this.#kernels = new Kernels(binding);
    try {
      this.#plan();
    } catch (error) {
      this.#free();
      throw asMemory(error);
    }
  }

  #plan(): void {
    for (const node of this.graph.nodes) {
      const { op, outputs } = node;
      if (op.type === 'input') this.#inputs.set(op.name, outputs[0]!);
      else if (op.type === 'constant') this.#constants.set(outputs[0]!.id, this.#weight(op));
      else this.#steps.push({ node, last: [] });
    }
    const read = new Set([...this.graph.outputs.values()].map(({ id }) => id));
    for (const { node, last } of this.#steps.toReversed()) {
      for (const { id } of [...node.outputs, ...node.inputs]) {
        if (!read.has(id)) last.push(id);
        read.add(id);
      }
    }
  }

  #weight({ data, dtype, shape }: Extract<Node['op'], { type: 'constant' }>): Handle {
    const numbers = numbersOf(data);
    const type = `${dtype} ${shape.join()}`;
    const alike = this.weights.get(numbers) ?? new Map<string, { handle: Handle; graphs: number }>();
    const weight = alike.get(type) ?? { handle: this.#kernels.upload(dtype, shape, numbers), graphs: 0 };
    weight.graphs++;
    this.weights.set(numbers, alike.set(type, weight));
    this.#held.push({ numbers, type });
    return weight.handle;
  }

  /** Blocks this thread until the outputs are there. */
  run(feeds: Tensors): Promise<Tensors> {
    try {
      return Promise.resolve(this.#run(feeds));
    } catch (error) {
      return Promise.reject(asMemory(error) as Error);
    }
  }

  #run(feeds: Tensors): Tensors {
    /** What this run made and must free, by the id of the value. */
    const own = new Map<number, Handle>();
    const handles = new Map(this.#constants);
    const free = (id: number): void => {
      const handle = own.get(id);
      if (handle === undefined) return;
      own.delete(id);
      this.binding.deleteTensor(handle);
    };
    const put = (id: number, handle: Handle): void => {
      handles.set(id, handle);
      own.set(id, handle);
    };
    const results: Tensors = {};
    try {
      for (const [name, { id, shape }] of this.#inputs) {
        const feed = feeds[name];
        // TensorFlow would broadcast one that happens to fit.
        if (feed && !sameShape(feed.shape, shape))
          throw new Error(`${name} is [${shape.join()}], not [${feed.shape.join()}]`);
        if (feed instanceof TfjsTensor) handles.set(id, feed.handle);
        else if (feed instanceof HostTensor) put(id, this.#kernels.upload(feed.dtype, feed.shape, feed.data));
        else throw new Error(feed ? 'the tensor belongs to another engine' : `nothing is fed to ${name}`);
      }
      for (const { node, last } of this.#steps) {
        const computed = compute(
          this.#kernels,
          node,
          node.inputs.map(({ id }) => handles.get(id)!),
        );
        node.outputs.forEach(({ id }, i) => put(id, computed[i]!));
        for (const id of last) free(id);
      }
      for (const [name, value] of this.graph.outputs) results[name] = this.#output(name, value, handles.get(value.id)!);
      return results;
    } catch (error) {
      for (const each of Object.values(results)) each.dispose();
      throw error;
    } finally {
      for (const handle of own.values()) this.binding.deleteTensor(handle);
    }
  }

  /** A tensor of its own on the device, or a copy in host memory. */
  #output(name: string, { shape, dtype }: Value, handle: Handle): Tensor {
    const k = this.#kernels;
    if (this.keep.has(name)) {
      const [copy] = this.binding.executeOp('Identity', [k.type('T', dtype)], [handle], 1);
      return new TfjsTensor(this.binding, copy!.id, shape);
    }
    return hostTensor(dtype as HostTensor['dtype'], shape, this.#read(handle, dtype));
  }

  /** The binding reads no bytes and no halves; they come back as numbers that it reads. */
  #read(handle: Handle, dtype: DType): TensorData {
    const read = (as: DType): TensorData => {
      let data: TensorData;
      this.#kernels.scope(() => {
        data = this.binding.tensorDataSync(this.#kernels.cast(handle, dtype, as)) as TensorData;
        return [];
      });
      return data!;
    };
    if (dtype === 'f16') return toHalves(read('f32') as Float32Array);
    if (dtype === 'u8') return Uint8Array.from(read('i32'));
    if (dtype === 'i8') return Int8Array.from(read('i32'));
    return this.binding.tensorDataSync(handle) as TensorData;
  }

  dispose(): Promise<void> {
    this.#free();
    return Promise.resolve();
  }

  #free(): void {
    for (const { numbers, type } of this.#held.splice(0)) {
      const alike = this.weights.get(numbers)!;
      const weight = alike.get(type)!;
      if (--weight.graphs) continue;
      alike.delete(type);
      if (!alike.size) this.weights.delete(numbers);
      this.binding.deleteTensor(weight.handle);
    }
    this.#kernels.dispose();
  }
}

/** RESOURCE_EXHAUSTED of TensorFlow's status codes, in the words by which ViTune knows that memory is short. */
const asMemory = (error: unknown): unknown =>
  error instanceof Error && /Invalid TF_Status: 8\b/.test(error.message)
    ? new Error(`out of memory: ${error.message.replace(/^[^]*?Message: /, '')}`, { cause: error })
    : error;
