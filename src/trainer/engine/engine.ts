/** What runs a compiled graph. */
import type { Graph } from '../ir/graph.js';
import type { DeviceTensor } from '../onnx/session.js';
import type { DeviceName } from '../protocol.js';

export type Tensors = Record<string, DeviceTensor>;

/** A graph made ready to run. */
export interface Executable {
  /** Feeds every input of the graph; blocks this thread until all outputs are there. */
  run(feeds: Tensors): Promise<Tensors>;
  dispose(): Promise<void>;
}

export interface LoadOptions {
  /** Names of the outputs that stay on the device, to be fed again. */
  keep?: readonly string[];
  /**
   * Whether images are mostly decoded while it runs, so that a thread with nothing to do should leave its core to
   * that.
   */
  yields?: boolean;
}

export interface Engine {
  readonly device: DeviceName;
  load(graph: Graph, o?: LoadOptions): Promise<Executable>;
}
