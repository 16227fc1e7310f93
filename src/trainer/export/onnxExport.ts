/** `model.onnx`: uint8 images [batch, height, width, 3] in, logits [batch, labels] out, any batch. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileForward } from '../compile/compile.js';
import { narrowGraph, type NarrowPlan } from '../compile/narrowGraph.js';
import type { NarrowWeights } from '../compile/narrowWeights.js';
import type { Graph } from '../ir/graph.js';
import { bytesOf } from '../ir/op.js';
import { writeModelConfig, type LoadedCheckpoint } from '../models/checkpoint.js';
import { modelSpecOf } from '../models/modelSpec.js';
import { emitModel } from '../onnx/emit.js';
import { encodeModel, type OnnxInitialiser, type OnnxModel } from '../onnx/model.js';
import { calibrationJson, logitScales } from './calibratedLogits.js';
import { merged } from './mergedModel.js';

/** Above this a file would approach protobuf's limit of 2 GiB: the weights then go to an external file. */
export const largestFile = 1.5 * 2 ** 30;

/** The network that is exported, for a batch and for twice as many images. */
export interface ExportGraphs {
  graph: Graph;
  twin: Graph;
}

export function exportGraphs(model: LoadedCheckpoint): ExportGraphs {
  const spec = { ...modelSpecOf(merged(model)), logitScales: logitScales(model) };
  // Builders leave out what changes nothing, as much does for a single image.
  return { graph: compileForward(spec, 2).graph, twin: compileForward(spec, 4).graph };
}

/** How the weights are stored, and their narrow forms. */
export interface Narrowing {
  plan: NarrowPlan;
  weights: NarrowWeights;
}

/** The ONNX model, of standard operators only but for weights of 4 bits. */
export function onnxOf({ graph, twin }: ExportGraphs, narrowing?: Narrowing): OnnxModel {
  const narrow = (each: Graph): Graph => (narrowing ? narrowGraph(each, narrowing.plan, narrowing.weights) : each);
  // The operators for WebGPU are those of the standard.
  return emitModel(narrow(graph), 'webgpu', { twin: narrow(twin) });
}

export const weightBytes = ({ initialisers }: OnnxModel): number =>
  initialisers.reduce((sum, { data }) => sum + data.byteLength, 0);

export async function writeOnnx(
  folder: string,
  model: LoadedCheckpoint,
  { largest = largestFile, narrowing, graphs }: { largest?: number; narrowing?: Narrowing; graphs?: ExportGraphs } = {},
): Promise<void> {
  const onnx = onnxOf(graphs ?? exportGraphs(model), narrowing);
  const { height, width } = model.preprocessor.transform;
  const metadata = {
    id2label: JSON.stringify(Object.fromEntries(model.labels.map((label, i) => [i, label]))),
    labels: model.labels.join('\n'),
    image_size: `${height}x${width}`,
  };
  const dataFile = 'model.onnx.data';
  const initialisers =
    weightBytes(onnx) > largest
      ? await writeExternal(join(folder, dataFile), dataFile, onnx.initialisers)
      : onnx.initialisers;
  await writeFile(join(folder, 'model.onnx'), encodeModel({ ...onnx, initialisers, metadata }));
  await writeModelConfig(folder, model, calibrationJson(model));
}

/**
 * Writes the numbers one after another at multiples of 4096 bytes, as ONNX advises, and says of each where it lies;
 * what is small stays.
 */
async function writeExternal(
  path: string,
  file: string,
  initialisers: readonly OnnxInitialiser[],
): Promise<OnnxInitialiser[]> {
  const handle = await open(path, 'w');
  let offset = 0;
  const placed: OnnxInitialiser[] = [];
  try {
    for (const each of initialisers) {
      const { data } = each;
      if (data.byteLength < 1024) {
        placed.push(each);
        continue;
      }
      await handle.write(bytesOf(data), 0, data.byteLength, offset);
      placed.push({ ...each, external: { file, offset } });
      offset = Math.ceil((offset + data.byteLength) / 4096) * 4096;
    }
  } finally {
    await handle.close();
  }
  return placed;
}
