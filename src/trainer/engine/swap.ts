/** Graphs that are swapped: only the one in use is loaded, since each takes much memory that the others do not need. */
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/value.js';
import { sizeOf } from '../ir/shape.js';
import type { DeviceName } from '../protocol.js';
import { collectGarbage } from './collectGarbage.js';
import type { Engine, Executable, LoadOptions } from './engine.js';

/**
 * From this many bytes of frozen weights on the CPU, the graphs for steps and for evaluation are swapped. Loading one
 * takes a third of a second, or two seconds with weights to round, which is little compared with an evaluation. An
 * evaluation needs neither the memory of the step's activations nor, in int8, its packed weights.
 */
const manyBytes = 256 * 2 ** 20;

/**
 * The size of a frozen weight in full: quantising one leaves garbage of that size, and each graph has its own packed
 * copies of those in int8.
 */
function fullBytes({ op, inputs }: Node): number {
  if (op.type === 'constant' && op.dtype === 'f32') return op.data.byteLength;
  if (op.type === 'dequantize') return 4 * sizeOf(op.shape);
  return op.type === 'matmulInt8' ? 4 * sizeOf(inputs[1]!.shape) : 0;
}

/** Whether the graphs for steps and for evaluation are swapped: from `from` bytes of frozen weights. */
export function swapsGraphs(evaluation: Graph, device: DeviceName, from = manyBytes): boolean {
  return device === 'cpu' && evaluation.nodes.reduce((sum, node) => sum + fullBytes(node), 0) >= from;
}

export class Swap {
  #loaded: { graph: () => Graph; executable: Executable } | undefined;

  constructor(private readonly engine: Engine) {}

  /**
   * The graph that `graph` returns, loaded at its first run and at each run after another graph's; what it alone refers
   * to is freed in between.
   */
  executable(graph: () => Graph, options?: LoadOptions): Executable {
    return {
      run: async (feeds) => {
        if (this.#loaded?.graph !== graph) {
          await this.#dispose();
          this.#loaded = { graph, executable: await this.engine.load(graph(), options) };
          // Not earlier: what both refer to would be read twice.
          await collectGarbage();
        }
        return this.#loaded.executable.run(feeds);
      },
      dispose: () => this.#dispose(),
    };
  }

  async #dispose(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.executable.dispose();
  }
}
