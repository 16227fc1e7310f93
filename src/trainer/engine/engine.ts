/** The boundary of an engine, which runs compiled graphs on a device. */
import type { Graph } from '../ir/graph.js';
import type { DeviceName } from '../protocol.js';
import type { Tensors } from './tensor.js';

/** A graph that is loaded and can be run. */
export interface Executable {
  /** Feeds every input of the graph; blocks this thread until all outputs are there. */
  run(feeds: Tensors): Promise<Tensors>;
  dispose(): Promise<void>;
}

export interface LoadOptions {
  /** Names of the outputs that stay on the device, to be fed again. */
  keep?: readonly string[];
  /**
   * Whether images are mostly decoded while it runs, so that an idle thread should leave its core to the decoder.
   */
  yields?: boolean;
  /** Whether a run may fail as part of a probe, so that the engine should not log it. */
  mayFail?: boolean;
}

export interface EngineOptions {
  /** Threads of one op on the CPU; 0 takes every core. By default, what VITUNE_THREADS says. */
  threads?: number;
  /** A folder for the engine's own profiles, where they are wanted. */
  profile?: string | undefined;
  /**
   * Whether the CPU memory-maps weights in their files instead of reading them. That saves reading and checking them,
   * but a file must then stay unchanged: it is for processes that answer once and exit.
   */
  maps?: boolean;
}

export interface Engine {
  readonly device: DeviceName;
  /** Whether it computes on the CPU. Throws where the engine is not there. */
  readonly onCpu: boolean;
  load(graph: Graph, o?: LoadOptions): Promise<Executable>;
}
