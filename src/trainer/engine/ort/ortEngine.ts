/** The default engine: ONNX Runtime on the CPU, on any GPU through WebGPU, or on CUDA. */
import { basename, dirname, join } from 'node:path';
import { realPath } from '../../core/realPath.js';
import { errors, reasonOf } from '../../errors/errors.js';
import type { Graph } from '../../ir/graph.js';
import { bytesIn, lendNumbers, numbersOf, type DType } from '../../ir/op.js';
import { emitModel } from '../../onnx/emit.js';
import { encodeModel, type OnnxInitialiser } from '../../onnx/model.js';
import { OrtTensor, Session } from './session.js';
import type { DeviceName } from '../../protocol.js';
import { timed } from '../../core/stages.js';
import { collectGarbage } from '../collectGarbage.js';
import type { Engine, EngineOptions, Executable, LoadOptions } from '../engine.js';
import { hostTensor, type TensorData, type Tensors } from '../tensor.js';
import { threadsFromEnvironment } from '../threads.js';

export class OrtEngine implements Engine {
  constructor(
    readonly device: DeviceName,
    private readonly o: EngineOptions = {},
  ) {}

  get onCpu(): boolean {
    return this.device === 'cpu';
  }

  /**
   * On the CPU the frozen weights are fed to every run in place, so that all graphs of a model share one copy. As
   * initialisers they would be copied for each graph, and packed once more for each way in which it multiplies by them.
   * Those in int8 are packed, which makes their products a quarter faster: each has one kind of product, and nobody
   * else holds it.
   */
  async load(graph: Graph, { keep = [], yields = false, mayFail = false }: LoadOptions = {}): Promise<Executable> {
    const { profile: folder, maps = false, ...o } = this.o;
    const model = emitModel(graph, this.device, { named: folder !== undefined });
    const packed = this.device === 'cpu' ? packedNames(graph) : new Set();
    const large =
      this.device === 'cpu' ? model.initialisers.filter(isFeedable).filter(({ name }) => !packed.has(name)) : [];
    const mapped = maps ? await placed(large) : undefined;
    const fed = large.filter((each) => !mapped?.initialisers.has(each));
    const isFed = new Set<OnnxInitialiser>(fed);
    const initialisers = model.initialisers
      .filter((each) => !isFed.has(each))
      .map(
        (each) =>
          mapped?.initialisers.get(each) ??
          (packed.has(each.name) ? { ...each, external: { file: each.name, offset: 0 } } : each),
      );
    const packedWeights = initialisers.filter(({ name }) => packed.has(name));
    // Weights are quantised where memory is short: what a graph holds between its runs, and the buffers for weights in
    // full, would take back much of what that saved.
    const givesBack = graph.nodes.some(({ op }) => op.type === 'dequantize');
    const profile = folder === undefined ? undefined : { prefix: join(folder, profileName(graph)), runs: profiledRuns };
    const options = {
      device: this.device,
      keep,
      yields,
      mayFail,
      givesBack,
      threads: threadsFromEnvironment(),
      profile,
      mapped: mapped?.folder,
      ...o,
    };
    const create = (): Promise<Session> => {
      // Before the model, which holds their scales: those follow from the codes.
      const external = inOneBlock(packedWeights);
      return Session.create(encodeModel({ ...model, initialisers, inputs: [...model.inputs, ...fed] }), {
        ...options,
        external,
      });
    };
    const session = await timed('session', create).catch((error: unknown) => {
      // Our own operators run everywhere; those of a file were tried on the CPU, and a device may lack what they need,
      // e.g. half precision.
      throw model.foreign && this.device !== 'cpu' ? errors.onnx.notOnDevice(this.device, reasonOf(error)) : error;
    });
    const loaded = fed.length ? new FedSession(session, fed) : session;
    // ONNX Runtime has packed copies of its own.
    if (packedWeights.length) await collectGarbage();
    return loaded;
  }
}

/** Enough to know the kernels by; ONNX Runtime keeps the times of all runs in memory. */
const profiledRuns = 20;

/** A graph by its first output, and the microseconds since the process began, from which its profile counts. */
const profileName = (graph: Graph): string =>
  `${[...graph.outputs.keys()][0]!.replace(/\W/g, '_')}-${Math.round(1000 * performance.now())}`;

/** Below this the saving is not worth an input. */
const minFedBytes = 1024;

type Feedable = OnnxInitialiser & { dtype: Exclude<DType, 'i64'> };

/** Shapes and axes, which ONNX Runtime wants to know beforehand, are i64. */
const isFeedable = (each: OnnxInitialiser): each is Feedable =>
  each.dtype !== 'i64' && each.data.byteLength >= minFedBytes;

/** The weights of products in int8. */
const packedNames = ({ nodes }: Graph): Set<string> =>
  new Set(
    nodes.flatMap(({ op, inputs }) =>
      op.type === 'matmulInt8' && inputs[1]!.node.op.type === 'constant' ? [inputs[1]!.node.op.name] : [],
    ),
  );

/**
 * Their bytes in one array. The C library keeps many arrays of some megabytes for itself when they are freed; a large
 * one goes back to the system.
 */
function inOneBlock(weights: readonly OnnxInitialiser[]): { path: string; data: Uint8Array }[] {
  const block = new Int8Array(weights.reduce((sum, { data }) => sum + data.byteLength, 0));
  let end = 0;
  return weights.map(({ name, data }) => ({
    path: name,
    data: lendNumbers(data, (codes) => {
      const own = block.subarray(end, (end += data.byteLength));
      own.set(codes as Int8Array);
      return bytesIn(own);
    }),
  }));
}

/** ONNX Runtime cannot open longer ones on Windows, even where Node can; weights of such files go through memory. */
const longestPath = 240;

/**
 * Those in files of one folder, that of the first, as ONNX Runtime requires. It checks real paths, and the hub's cache
 * is made of links.
 */
async function placed(
  all: readonly Feedable[],
): Promise<{ folder: string; initialisers: Map<OnnxInitialiser, OnnxInitialiser> } | undefined> {
  const files = new Map<string, string>();
  const initialisers = new Map<OnnxInitialiser, OnnxInitialiser>();
  let folder: string | undefined;
  for (const each of all) {
    const place = 'read' in each.data ? each.data.place : undefined;
    if (!place) continue;
    const file = files.get(place.file) ?? (await realPath(place.file));
    files.set(place.file, file);
    if (process.platform === 'win32' && file.length > longestPath) continue;
    folder ??= dirname(file);
    if (dirname(file) === folder)
      initialisers.set(each, { ...each, external: { file: basename(file), offset: place.offset } });
  }
  return folder === undefined ? undefined : { folder, initialisers };
}

/** A session that is fed its frozen weights in addition to the inputs of a run. */
class FedSession implements Executable {
  readonly #weights: Tensors;

  constructor(
    private readonly session: Session,
    fed: readonly Feedable[],
  ) {
    this.#weights = Object.fromEntries(
      fed.map(({ name, dtype, shape, data }) => [
        name,
        OrtTensor.of(hostTensor(dtype, shape, numbersOf(data) as TensorData)),
      ]),
    );
  }

  run(feeds: Tensors): Promise<Tensors> {
    return this.session.run({ ...this.#weights, ...feeds });
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }
}
