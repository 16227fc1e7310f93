/** Tries ways of storing a network's weights: the logits of each on the images to choose by, and their accuracy. */
import type { NarrowPlan, Storage } from '../compile/narrowGraph.js';
import type { NarrowWeights } from '../compile/narrowWeights.js';
import type { Batch } from '../data/store.js';
import { TaskMetrics } from '../inference/taskMetrics.js';
import { numbersOf } from '../ir/op.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { encodeModel } from '../onnx/model.js';
import { exportedCalibration } from './calibratedLogits.js';
import { onnxOf, type ExportGraphs, type Narrowing } from './onnxExport.js';
import { OnnxRun } from './onnxRun.js';

/** How each weight is stored, by name; `tables` is the name of all weights that no linear layer has. */
export type Storing = ReadonlyMap<string, Storage>;
export const tables = '';

export class Trials {
  /**
   * The numbers of all weights: those of a merged adapter are made at each reading, but as long as somebody holds them
   * all readers share them.
   */
  readonly #held: readonly unknown[];

  constructor(
    private readonly model: LoadedCheckpoint,
    private readonly graphs: ExportGraphs,
    private readonly weights: NarrowWeights,
    private readonly chosen: readonly Batch[],
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#held = graphs.graph.nodes.map(({ op }) => (op.type === 'constant' ? numbersOf(op.data) : undefined));
  }

  narrowing(storing: Storing, range: NarrowPlan['range']): Narrowing {
    const table = storing.get(tables)!;
    const plan: NarrowPlan = {
      layer: (weight) => storing.get(weight) ?? 'fp32',
      table: table === 'fp32' || table === 'fp16' ? table : 'int8',
      range,
    };
    return { plan, weights: this.weights };
  }

  /** The logits of each batch, as the file would give them that is stored so; in fp32 without `narrowing`. */
  async logits(narrowing?: Narrowing, batches = this.chosen.length): Promise<Float32Array[]> {
    this.signal?.throwIfAborted();
    const run = await OnnxRun.open(encodeModel(onnxOf(this.graphs, narrowing)), this.model.preprocessor.transform);
    try {
      const found: Float32Array[] = [];
      for (const { images, count } of this.chosen.slice(0, batches)) {
        this.signal?.throwIfAborted();
        found.push(await run.logits(images, count));
      }
      return found;
    } finally {
      await run.dispose();
    }
  }

  accuracy(logits: readonly Float32Array[]): number {
    const metrics = new TaskMetrics(this.model.tasks, exportedCalibration(this.model));
    logits.forEach((each, i) => metrics.add(each, this.chosen[i]!.targets, this.chosen[i]!.count));
    return metrics.result().accuracy;
  }
}

/** The mean square of the differences between the logits of the same batches. */
export function distance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [sum, count] = [0, 0];
  a.forEach((row, k) => {
    row.forEach((value, i) => (sum += (value - b[k]![i]!) ** 2));
    count += row.length;
  });
  // Of logits that are not numbers the distance is the greatest.
  return Number.isNaN(sum) ? Infinity : sum / count;
}
