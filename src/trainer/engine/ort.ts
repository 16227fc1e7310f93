/** The default engine: ONNX Runtime on the CPU, on any GPU through WebGPU, or on CUDA. */
import type { Graph } from '../ir/graph.js';
import { emit } from '../onnx/emit.js';
import { Session } from '../onnx/session.js';
import type { DeviceName } from '../protocol.js';
import type { Engine, Executable } from './engine.js';

export class OrtEngine implements Engine {
  constructor(
    readonly device: DeviceName,
    private readonly o: { threads?: number } = {},
  ) {}

  load(graph: Graph, keep: readonly string[] = []): Promise<Executable> {
    return Session.create(emit(graph, this.device), { device: this.device, keep, threads: threadsFromEnvironment(), ...this.o });
  }
}

/** `VITUNE_THREADS` leaves cores to others, as OMP_NUM_THREADS does for PyTorch; 0 takes all. */
const threadsFromEnvironment = (): number => Math.max(0, Math.trunc(Number(process.env.VITUNE_THREADS ?? 0)) || 0);
