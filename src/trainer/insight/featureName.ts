/** The name under which the features of a network are kept: whatever changes them changes it. */
import { createHash } from 'node:crypto';
import { compilePrefix, type ModelSpec } from '../compile/compile.js';
import type { Cut } from '../compile/split.js';
import { decoderVersion } from '../data/decode.js';
import type { ImageTransform } from '../data/transform.js';
import type { Graph } from '../ir/graph.js';
import { bytesIn } from '../ir/op.js';
import { print } from '../ir/print.js';
import type { BaseModel } from '../models/baseModel.js';
import type { DeviceName } from '../protocol.js';

/** Part of every name of features; a change of how they are made makes it another number. */
const featureVersion = 1;

/** What features come from in addition to the network. */
export interface FeatureSource {
  /** SHA-256 of the weights, in hexadecimal. */
  sha256: string;
  init: 'pretrained' | 'random';
  transform: ImageTransform;
}

export const sourceOf = ({ reference: { sha256, init }, preprocessor: { transform } }: BaseModel): FeatureSource => ({
  sha256,
  init,
  transform,
});

/**
 * SHA-256 of the constants that a graph holds itself, e.g. the tables of rotary positions, which the printed graph
 * shows by name alone. Weights are read from their source, which has a hash of its own.
 */
function constantsOf({ nodes }: Graph): string {
  const hash = createHash('sha256');
  for (const { op } of nodes) {
    if (op.type !== 'constant' || 'read' in op.data) continue;
    hash.update(`${op.name}\0${op.dtype}\0${op.shape.join()}\0`).update(bytesIn(op.data));
  }
  return hash.digest('hex');
}

/**
 * A key for everything that the features of an image depend on in addition to its pixels: network, weights,
 * preprocessing and device.
 */
export function featureName(
  cut: Cut,
  model: ModelSpec,
  { sha256, init, transform }: FeatureSource,
  device: DeviceName,
): string {
  const graph = compilePrefix(model, cut, 1);
  return createHash('sha256')
    .update(
      JSON.stringify([
        featureVersion,
        sha256,
        init,
        transform,
        model.norm,
        device,
        decoderVersion,
        print(graph),
        constantsOf(graph),
      ]),
    )
    .digest('hex')
    .slice(0, 16);
}
