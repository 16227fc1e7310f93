/**
 * Runs a network from an ONNX file on two images, together and each alone, to find the shape of its output and whether
 * it accepts batches.
 */
import type { UserError } from '../errors/errors.js';
import { errors, reasonOf } from '../errors/errors.js';
import type { Shape } from '../ir/op.js';
import { encodeModel } from '../onnx/model.js';
import { networkNodes } from '../onnx/emit.js';
import type { OnnxGraph } from '../onnx/onnxGraph.js';
import { loadOnnxFile } from '../engine/loadOnnxFile.js';
import { hostTensor } from '../engine/tensor.js';
import { sizeOf } from '../ir/shape.js';
import { Random } from '../core/random.js';

export interface ProbeOptions {
  path: string;
  /** Of one image as the network takes it. */
  shape: Shape;
  takesBytes: boolean;
  /** The batch that the file requires. */
  batch: number | undefined;
  /** The error for an output that is not one per image. */
  unfit: (shape: Shape) => UserError;
}

interface Answer {
  shape: Shape;
  data: Float32Array;
}

/** Outputs for images together and alone differ only by rounding, up to this share of the largest number. */
const rounding = 1e-3;

function isAlike(both: Answer | undefined, alone: readonly Answer[]): boolean {
  const [first] = alone;
  if (!both || both.shape.join() !== [2, ...first!.shape.slice(1)].join()) return false;
  const expected = alone.flatMap(({ data }) => [...data]);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return expected.every((value, i) => Math.abs(value - both.data[i]!) <= rounding * largest);
}

/** Runs it. Throws a `UserError` when ONNX Runtime fails, or the output is not one per image. */
export async function probe(
  graph: OnnxGraph,
  { path, shape, takesBytes, batch, unfit }: ProbeOptions,
): Promise<{ shape: number[]; single: boolean }> {
  const dtype = takesBytes ? 'u8' : 'f32';
  const inputs = [{ name: 'images', dtype, shape: ['batch', ...shape] }] as const;
  const nodes = networkNodes(graph, 'images', 'output');
  const bytes = encodeModel({
    nodes,
    initialisers: [],
    inputs,
    outputs: [{ name: 'output', dtype: 'f32' }],
    foreign: graph,
  });
  const refuse = (error: unknown): never => {
    throw errors.onnx.notRunnable(path, reasonOf(error));
  };
  const session = await loadOnnxFile(bytes, { mayFail: true }).catch(refuse);
  try {
    const random = new Random(0, 'probe');
    const size = sizeOf(shape);
    const values = Array.from({ length: 2 * size }, () =>
      takesBytes ? Math.floor(256 * random.uniform()) : random.normal(),
    );
    const run = async (count: number, from: number): Promise<Answer> => {
      const data = (takesBytes ? Uint8Array : Float32Array).from(values.slice(from * size, (from + count) * size));
      const { output } = await session.run({ images: hostTensor(dtype, [count, ...shape], data) });
      return { shape: output!.shape, data: output!.data as Float32Array };
    };
    const both = await run(2, 0).catch(() => undefined);
    // A network that only accepts two has a fixed batch; one that accepts neither throws its reason.
    const alone = await Promise.all([run(1, 0), run(1, 1)]).catch((error: unknown) =>
      batch && batch > 1 ? undefined : refuse(error),
    );
    if (!alone) throw errors.onnx.batchFixed(path, batch!);
    const [first] = alone;
    const [rows, ...own] = first!.shape;
    if (rows !== 1 || !own.length || !poolable(own)) throw unfit(both?.shape ?? first!.shape);
    return { shape: own, single: !isAlike(both, alone) };
  } finally {
    await session.dispose();
  }
}

const poolable = (shape: Shape): boolean => shape.length <= 3 && sizeOf(shape) > 0;
