/** Swaps graphs: only the one in use is loaded, because each takes much memory that the others do not need. */
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/value.js';
import { sizeOf } from '../ir/shape.js';
import type { DeviceName } from '../protocol.js';
import { collectGarbage } from './collectGarbage.js';
import type { Engine, Executable, LoadOptions } from './engine.js';

/**
 * From so many bytes of frozen weights on, the CPU swaps the step and evaluation graphs. Loading one takes a third of a
 * second, or two seconds with weights to round, which is little compared with an evaluation. The evaluation then has
 * the memory of the step's activations and, in int8, of its packed weights.
 */
const manyBytes = 256 * 2 ** 20;

/**
 * Of a frozen weight, in full: what quantised one leaves garbage of that size, and each graph has packed copies of its
 * own of those in int8.
 */
function fullBytes({ op, inputs }: Node): number {
  if (op.type === 'constant' && op.dtype === 'f32') return op.data.byteLength;
  if (op.type === 'dequantize') return 4 * sizeOf(op.shape);
  return op.type === 'matmulInt8' ? 4 * sizeOf(inputs[1]!.shape) : 0;
}

/** Whether the evaluation graph and the step graph are swapped; `from` is the threshold in bytes of frozen weights. */
export function takesTurns(evaluation: Graph, device: DeviceName, from = manyBytes): boolean {
  return device === 'cpu' && evaluation.nodes.reduce((sum, node) => sum + fullBytes(node), 0) >= from;
}

export class Turns {
  #ready: { graph: () => Graph; executable: Executable } | undefined;

  constructor(private readonly engine: Engine) {}

  /**
   * What `graph` gives, made ready at its first run and at each that follows another's; what the graph alone refers to
   * is let go in between.
   */
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
