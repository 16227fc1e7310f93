/** Sessions of ONNX Runtime: the only importer of onnxruntime-node, and the keeper of its sharp edges. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { DType, Shape } from '../ir/op.js';
import type { DeviceName } from '../protocol.js';

export type TensorData = Float32Array | Int32Array | Uint8Array | Int8Array | Uint16Array;

const ortTypes = { f32: 'float32', f16: 'float16', i32: 'int32', u8: 'uint8', i8: 'int8' } as const;

/**
 * A tensor in the memory of a device or of this process. One on a device must be disposed, or the process aborts at its
 * end; its numbers can only be had by running a session whose outputs are on the CPU.
 */
export class DeviceTensor {
  /** For `session.ts` alone. */
  constructor(readonly raw: Tensor) {}

  /** Wraps `data` without a copy. */
  static from(dtype: Exclude<DType, 'i64'>, shape: Shape, data: TensorData): DeviceTensor {
    return new DeviceTensor(new Tensor(ortTypes[dtype], data as Float32Array, shape));
  }

  /** The numbers of a tensor on the CPU; throws for one on a device, where ONNX Runtime would abort. */
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
   * External initialisers of the model, each in a separate in-memory file that exists only while the model is compiled.
   */
  beside?: readonly { path: string; data: Uint8Array }[];
  /**
   * A folder with the files of external initialisers. They are memory-mapped instead of read, and not packed for
   * products.
   */
  mapped?: string | undefined;
  /**
   * Whether a thread of the CPU that waits for the others of an op sleeps. It costs an op some microseconds; kept awake
   * it waits sooner, on a core that somebody else may want.
   */
  yields?: boolean;
  /** Names of the outputs that stay on the device. */
  keep?: readonly string[];
  /** A failing run is expected, and ONNX Runtime must not log it. */
  mayFail?: boolean;
  /** Writes the times of all kernels in the first `runs` runs into a file whose path begins with `prefix`. */
  profile?: { prefix: string; runs: number } | undefined;
}

export class Session {
  readonly #session: InferenceSession;
  /** Runs that are still to be profiled. */
  #profiled: number;

  private constructor(session: InferenceSession, profiled: number) {
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
      beside = [],
    }: SessionOptions,
  ): Promise<Session> {
    const onGpu = device === 'webgpu';
    const options: InferenceSession.SessionOptions = {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      logSeverityLevel: mayFail ? 4 : 3,
      ...(beside.length && { externalData: beside }),
      // With it, the pieces allocated by the first run stay allocated next to the single block of the second run: half
      // as much memory again, and no faster.
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
      typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options)
    ).catch((error: unknown) => {
      // ONNX Runtime puts its source file, function and condition before the words that say something.
      throw error instanceof Error
        ? new Error(error.message.replace(/^[^]*was false\. ?/, '').trim(), { cause: error })
        : error;
    });
    return new Session(session, profile?.runs ?? 0);
  }

  /** Runs the graph; blocks this thread until it is done. */
  async run(feeds: Record<string, DeviceTensor>): Promise<Record<string, DeviceTensor>> {
    const raw = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.raw]));
    const results = await this.#session.run(raw);
    if (this.#profiled && !--this.#profiled) this.#session.endProfiling();
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, new DeviceTensor(tensor)]));
  }

  async dispose(): Promise<void> {
    if (this.#profiled) this.#session.endProfiling();
    this.#profiled = 0;
    await this.#session.release();
  }
}
