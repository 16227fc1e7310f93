/**
 * An engine on the CPU that really rounds to fp16: ONNX Runtime has no fp16 product on the CPU, casts to fp32 around
 * each and would remove adjacent casts.
 */
import type { Engine, Executable, LoadOptions } from '../../../src/trainer/engine/engine.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Graph } from '../../../src/trainer/ir/graph.js';
import type { Value } from '../../../src/trainer/ir/value.js';

/** The graph with an identity node after every fp16 value that ONNX Runtime computes in fp16. */
function withoutMeetingCasts(graph: Graph): Graph {
  const result = new Graph();
  const copies = new Map<Value, Value>();
  for (const { op, inputs, outputs, region } of graph.nodes) {
    const made = result.append(
      op,
      inputs.map((input) => copies.get(input)!),
      region,
    );
    outputs.forEach((output, i) => {
      const isRounded = output.dtype === 'f16' && op.type !== 'constant';
      copies.set(
        output,
        isRounded ? result.append({ type: 'reshape', shape: output.shape }, [made[i]!], region)[0]! : made[i]!,
      );
    });
  }
  for (const [name, value] of graph.outputs) result.outputs.set(name, copies.get(value)!);
  return result;
}

export class HalvesOnCpu implements Engine {
  readonly device = 'cpu';
  readonly onCpu = true;
  readonly #engine = createEngine('cpu');

  load(graph: Graph, options?: LoadOptions): Promise<Executable> {
    return this.#engine.load(withoutMeetingCasts(graph), options);
  }
}
