/** What the linear layers of a network are multiplied by on the user's own images. */
import type { Range } from '../compile/narrowGraph.js';
import { linearLayers } from '../compile/narrowGraph.js';
import type { Batch } from '../data/store.js';
import { createEngine } from '../engine/createEngine.js';
import { hostTensor } from '../engine/tensor.js';
import { Graph } from '../ir/graph.js';
import type { Value } from '../ir/value.js';
import { Histogram, type RangeRule } from './histogram.js';
import type { ExportGraphs } from './onnxExport.js';

/** More images would hardly change a range or a mean. */
const mostImages = 128;

export interface Activations {
  range(weight: string, rule: RangeRule): Range;
  /** The mean square of each column of what the weight is multiplied by. */
  importance(weight: string): Float64Array;
}

interface Seen {
  value: Value;
  low: number;
  high: number;
  squares: Float64Array;
  histogram?: Histogram;
}

/** Runs the network on images, and reports the share that is done. */
export async function observeActivations(
  { graph }: ExportGraphs,
  images: readonly Batch[],
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress: (share: number) => void },
): Promise<Activations> {
  const byValue = new Map<Value, Seen>();
  const byName = new Map<string, Seen[]>();
  for (const { name, rows } of linearLayers(graph)) {
    const width = rows.shape.at(-1)!;
    const seen = byValue.get(rows) ?? { value: rows, low: 0, high: 0, squares: new Float64Array(width) };
    byValue.set(rows, seen);
    byName.set(name, [...(byName.get(name) ?? []), seen]);
  }
  const all = [...byValue.values()];
  const watched = new Graph();
  watched.nodes.push(...graph.nodes);
  all.forEach(({ value }, i) => watched.outputs.set(`activation:${i}`, value));
  const input = graph.inputs[0]!;
  const [batch] = input.shape as [number];
  const executable = await createEngine('cpu').load(watched);
  const size = images[0]!.images.length / images[0]!.weights.length;
  /** So many images at a time as the graph takes; the last of a batch may be black, and are left out. */
  const pixels = images
    .flatMap(({ images: bytes, count }) =>
      Array.from({ length: Math.floor(count / batch) }, (_, i) =>
        bytes.subarray(i * batch * size, (i + 1) * batch * size),
      ),
    )
    .slice(0, Math.ceil(mostImages / batch));
  if (!pixels.length) pixels.push(images[0]!.images.subarray(0, batch * size));
  const pass = async (from: number, take: (seen: Seen, numbers: Float32Array) => void): Promise<void> => {
    for (const [i, each] of pixels.entries()) {
      signal?.throwIfAborted();
      const found = await executable.run({ images: hostTensor('u8', input.shape, each) });
      all.forEach((seen, k) => take(seen, found[`activation:${k}`]!.data as Float32Array));
      onProgress(from + (i + 1) / pixels.length / 2);
    }
  };
  try {
    await pass(0, (seen, numbers) => {
      const width = seen.squares.length;
      let { low, high } = seen;
      for (let at = 0; at < numbers.length; at += width) {
        for (let i = 0; i < width; i++) {
          const value = numbers[at + i]!;
          if (value < low) low = value;
          if (value > high) high = value;
          seen.squares[i]! += value * value;
        }
      }
      [seen.low, seen.high] = [low, high];
    });
    for (const seen of all) seen.histogram = new Histogram(seen);
    await pass(0.5, ({ histogram }, numbers) => histogram!.add(numbers));
  } finally {
    await executable.dispose();
  }
  return {
    range: (weight, rule) => {
      const ranges = byName.get(weight)!.map(({ histogram }) => histogram!.rangeBy(rule));
      return {
        low: Math.min(...ranges.map(({ low }) => low)),
        high: Math.max(...ranges.map(({ high }) => high)),
      };
    },
    importance: (weight) => byName.get(weight)![0]!.squares,
  };
}
