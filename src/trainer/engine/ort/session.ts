/** Sessions of ONNX Runtime: the only importer of onnxruntime-node, which knows its pitfalls. */
import { createRequire } from 'node:module';
import type * as ort from 'onnxruntime-node';
import { preloadRuntime } from '../../cuda/preload.js';
import type { Shape } from '../../ir/op.js';
import type { DeviceName } from '../../protocol.js';
import { HostTensor, type Tensor, type TensorData, type Tensors } from '../tensor.js';

preloadRuntime();
const require = createRequire(import.meta.url);
const runtime = require('onnxruntime-node') as typeof ort;

/** The version of ONNX Runtime. */
export const runtimeVersion: string = runtime.env.versions.node ?? runtime.env.versions.common;

const ortTypes = { f32: 'float32', f16: 'float16', i32: 'int32', u8: 'uint8', i8: 'int8' } as const;

/**
 * A tensor of ONNX Runtime. One on a device must be disposed, or the process aborts when it exits; its numbers can only
 * be read by running a session whose outputs are on the CPU.
 */
export class OrtTensor implements Tensor {
  constructor(readonly raw: ort.Tensor) {}

  /** Wraps what is fed to a session, without a copy. */
  static of(tensor: Tensor): OrtTensor {
    if (tensor instanceof OrtTensor) return tensor;
    if (!(tensor instanceof HostTensor)) throw new Error('the tensor belongs to another engine');
    const { dtype, data, shape } = tensor;
    return new OrtTensor(new runtime.Tensor(ortTypes[dtype], data as Float32Array, shape));
  }

  /** Throws for a tensor on a device, where ONNX Runtime would abort. */
  get data(): TensorData {
    if (this.raw.location !== 'cpu') throw new Error(`a tensor on ${this.raw.location} cannot be read`);
    return this.raw.data as TensorData;
  }

  get shape(): Shape {
    return this.raw.dims;
  }

  get isOnDevice(): boolean {
    return this.raw.location !== 'cpu';
  }

  dispose(): void {
    if (this.isOnDevice) this.raw.dispose();
  }
}

export interface SessionOptions {
  device: DeviceName;
  /** Threads of one op on the CPU; 0 lets ONNX Runtime take every core. */
  threads?: number;
  /** Whether what a run took of the CPU's memory is given back after its use, rather than held for the next run. */
  givesBack?: boolean;
  /**
   * Initialisers outside the model, each as a file of its own that exists in memory only, and only while the model is
   * compiled.
   */
  external?: readonly { path: string; data: Uint8Array }[];
  /** A folder with the files that hold initialisers. They are memory-mapped, and not packed for products. */
  mapped?: string | undefined;
  /**
   * Whether a thread of the CPU sleeps while it waits for the others of an op. That costs an op some microseconds; a
   * thread that stays awake reacts sooner, on a core that another program may need.
   */
  yields?: boolean;
  /** Names of the outputs that stay on the device. */
  keep?: readonly string[];
  /** Whether a failed run is expected, so that ONNX Runtime does not log it. */
  mayFail?: boolean;
  /** Writes the times of all kernels in the first `runs` runs into a file whose path begins with `prefix`. */
  profile?: { prefix: string; runs: number } | undefined;
}

export class Session {
  readonly #session: ort.InferenceSession;
  /** Runs that are still to be profiled. */
  #profiled: number;

  private constructor(session: ort.InferenceSession, profiled: number) {
    this.#session = session;
    this.#profiled = profiled;
  }

  /**
   * Compiles a model, given as its bytes or as a file. Throws what ONNX Runtime throws, e.g. when the device is not
   * there.
   */
  static async create(
    model: Uint8Array | string,
    {
      device,
      threads = 0,
      givesBack = false,
      yields = false,
      keep = [],
      mayFail = false,
      profile,
      mapped,
      external = [],
    }: SessionOptions,
  ): Promise<Session> {
    const onGpu = device === 'webgpu';
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      logSeverityLevel: mayFail ? 4 : 3,
      ...(external.length && { externalData: external }),
      // With it, what the first run allocated piece by piece stays allocated next to the one block that the second run
      // allocates: half as much memory again, and no faster.
      enableMemPattern: false,
      enableCpuMemArena: !givesBack,
      extra: {
        session: {
          ...(yields && { intra_op: { allow_spinning: '0' } }),
          ...(mapped !== undefined && {
            model_external_initializers_file_folder_path: mapped,
            disable_prepacking: '1',
          }),
        },
      },
      ...(profile && { enableProfiling: true, profileFilePrefix: profile.prefix }),
      ...(onGpu && keep.length
        ? { preferredOutputLocation: Object.fromEntries(keep.map((name) => [name, 'gpu-buffer'] as const)) }
        : {}),
    };
    const session = await (
      typeof model === 'string'
        ? runtime.InferenceSession.create(model, options)
        : runtime.InferenceSession.create(model, options)
    ).catch((error: unknown) => {
      // ONNX Runtime puts its source file, function and condition before the message.
      throw error instanceof Error
        ? new Error(error.message.replace(/^[^]*was false\. ?/, '').trim(), { cause: error })
        : error;
    });
    return new Session(session, profile?.runs ?? 0);
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputs(): readonly string[] {
    return this.#session.outputNames;
  }

  /** Runs the graph; blocks this thread until it is done. */
  async run(feeds: Tensors): Promise<Tensors> {
    const raw = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, OrtTensor.of(tensor).raw]));
    const results = await this.#session.run(raw);
    if (this.#profiled && !--this.#profiled) this.#session.endProfiling();
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, new OrtTensor(tensor)]));
  }

  async dispose(): Promise<void> {
    if (this.#profiled) this.#session.endProfiling();
    this.#profiled = 0;
    await this.#session.release();
  }
}
