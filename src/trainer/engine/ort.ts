/** The default engine: ONNX Runtime on the CPU, on any GPU through WebGPU, or on CUDA. */
import { join } from 'node:path';
import { errors, reasonOf } from '../errors.js';
import type { Graph } from '../ir/graph.js';
import type { ConstantData } from '../ir/op.js';
import { emitModel } from '../onnx/emit.js';
import { encodeModel, type OnnxInitialiser } from '../onnx/model.js';
import { DeviceTensor, Session } from '../onnx/session.js';
import type { DeviceName } from '../protocol.js';
import { timed } from '../stages.js';
import type { Engine, Executable, Tensors } from './engine.js';

export class OrtEngine implements Engine {
  constructor(
    readonly device: DeviceName,
    private readonly o: { threads?: number; profile?: string | undefined } = {},
  ) {}

  /**
   * On the CPU the frozen weights are fed to every run in place, so that all graphs of a model share the one copy that is there. As
   * initialisers each graph would have its own, beside a packed one for every way in which it multiplies by them.
   */
  async load(graph: Graph, keep: readonly string[] = []): Promise<Executable> {
    const { profile: folder, ...o } = this.o;
    const model = emitModel(graph, this.device, { named: folder !== undefined });
    const fed = this.device === 'cpu' ? model.initialisers.filter(isFeedable) : [];
    const initialisers = model.initialisers.filter((each) => !fed.includes(each as Feedable));
    const bytes = encodeModel({ ...model, initialisers, inputs: [...model.inputs, ...fed] });
    // Who quantises weights is short of memory: what one graph holds between its runs, and the room of weights in full, would take back much of what that saved.
    const givesBack = graph.nodes.some(({ op }) => op.type === 'dequantize');
    const profile = folder === undefined ? undefined : { prefix: join(folder, profileName(graph)), runs: profiledRuns };
    const options = { device: this.device, keep, givesBack, threads: threadsFromEnvironment(), profile, ...o };
    const session = await timed('session', () => Session.create(bytes, options)).catch((error: unknown) => {
      // Our own operators run everywhere; those of a file were tried on the CPU, and a device may lack what they need, e.g. half precision.
      throw model.foreign && this.device !== 'cpu' ? errors.onnx.notOnDevice(this.device, reasonOf(error)) : error;
    });
    return fed.length ? new FedSession(session, fed) : session;
  }
}

/** Enough to know the kernels by; ONNX Runtime holds the times of all runs in memory. */
const profiledRuns = 20;

/** A graph by its first output, and the microseconds since the process began, from which its profile counts. */
const profileName = (graph: Graph): string => `${[...graph.outputs.keys()][0]!.replace(/\W/g, '_')}-${Math.round(1000 * performance.now())}`;

/** Below this the saving is not worth an input. */
const leastFedBytes = 1024;

type Feedable = OnnxInitialiser & { dtype: 'f32' | 'u8' | 'i8'; data: Exclude<ConstantData, BigInt64Array> };

/** Shapes and axes, which ONNX Runtime wants to know beforehand, are i64. */
const isFeedable = (each: OnnxInitialiser): each is Feedable => each.dtype !== 'i64' && each.data.byteLength >= leastFedBytes;

/** A session that is fed its frozen weights beside what it is run on. */
class FedSession implements Executable {
  readonly #weights: Tensors;

  constructor(
    private readonly session: Session,
    fed: readonly Feedable[],
  ) {
    this.#weights = Object.fromEntries(fed.map(({ name, dtype, shape, data }) => [name, DeviceTensor.from(dtype, shape, data)]));
  }

  run(feeds: Tensors): Promise<Tensors> {
    return this.session.run({ ...this.#weights, ...feeds });
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }
}

/** `VITUNE_THREADS` leaves cores to others, as OMP_NUM_THREADS does for PyTorch; 0 takes all. */
export const threadsFromEnvironment = (): number => Math.max(0, Math.trunc(Number(process.env.VITUNE_THREADS ?? 0)) || 0);
