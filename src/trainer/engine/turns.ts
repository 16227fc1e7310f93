/** Graphs that take turns: only the one in use is ready, as each takes much memory of which the others have no use. */
import type { Graph } from '../ir/graph.js';
import { sizeOf } from '../ir/shape.js';
import type { DeviceName } from '../protocol.js';
import { collectGarbage } from './collectGarbage.js';
import type { Engine, Executable, LoadOptions } from './engine.js';

/**
 * With so many bytes of frozen weights on the CPU, steps and evaluation take turns: making one ready takes a third of a second, little beside an evaluation. An evaluation
 * has no use for the room of the step's activations.
 */
const manyBytes = 256 * 2 ** 20;

/** Of the weights that are kept in floats. */
const floatBytes = ({ nodes }: Graph): number =>
  nodes.reduce((sum, { op }) => sum + (op.type === 'constant' && op.dtype === 'f32' ? op.data.byteLength : 0), 0);

/** Whether the graph that evaluates and the one that steps take turns; `from` is the bytes of frozen weights from which they do. */
export function takesTurns(evaluation: Graph, device: DeviceName, from = manyBytes): boolean {
  // Weights in fewer bits count as if they were floats: what quantised them leaves garbage of that size.
  const bytes = evaluation.nodes.reduce((sum, { op }) => sum + (op.type === 'dequantize' ? 4 * sizeOf(op.shape) : 0), floatBytes(evaluation));
  return device === 'cpu' && bytes >= from;
}

export class Turns {
  #ready: { graph: () => Graph; executable: Executable } | undefined;

  constructor(private readonly engine: Engine) {}

  /** What `graph` gives, made ready at its first run and at each that follows another's; what the graph alone refers to is let go in between. */
  executable(graph: () => Graph, options?: LoadOptions): Executable {
    return {
      run: async (feeds) => {
        if (this.#ready?.graph !== graph) {
          await this.#dispose();
          this.#ready = { graph, executable: await this.engine.load(graph(), options) };
          // Not before: what both refer to would be read twice.
          await collectGarbage();
        }
        return this.#ready.executable.run(feeds);
      },
      dispose: () => this.#dispose(),
    };
  }

  async #dispose(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    await ready?.executable.dispose();
  }
}
