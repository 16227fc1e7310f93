/** A checkpoint as one network without adapters: folded into its weights where that is possible. */
import { compileForward } from '../compile/compile.js';
import { WeightStore } from '../compile/weightStore.js';
import type { Shape } from '../ir/op.js';
import { mapOf } from '../nn/networkMap.js';
import { mergeLowRank } from '../peft/merge.js';
import { hiddenWidth, loraScaling, methodOf, wholeModel } from '../peft/method.js';
import { dequantize, quantize } from '../peft/quantize.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { modelSpecOf } from '../models/modelSpec.js';

/**
 * Whether the method left layers in the network that its architecture in transformers does not have, and that cannot be
 * folded into others.
 */
export const hasOwnLayers = ({ method }: LoadedCheckpoint): boolean =>
  ['adapter', 'pretrained'].includes(method.type) || hiddenWidth(method) > 0;

/**
 * The model with its dequantised weights: with other weights, a model trained on a quantised base would predict
 * differently.
 */
export function dequantized(model: LoadedCheckpoint): LoadedCheckpoint {
  const { quantization } = methodOf(model.method, mapOf(model.network));
  if (!quantization) return model;
  const linear = new Set(compileForward(modelSpecOf(model), 1).layers);
  const read = (name: string, shape: Shape): Float32Array => {
    const full = model.weights.share(name, shape);
    const layer = name.replace(/\.weight$/, '');
    const options = layer !== name && linear.has(layer) ? quantization(layer) : undefined;
    return options ? dequantize(quantize(full, options), full.length, options) : full;
  };
  return { ...model, weights: new WeightStore({ read }) };
}

/** The model with its low-rank adapters folded into the weights, as one that was fine-tuned in full. */
export function merged(saved: LoadedCheckpoint): LoadedCheckpoint {
  if (hasOwnLayers(saved)) return saved;
  const model = dequantized(saved);
  const { lora } = methodOf(model.method, mapOf(model.network));
  if (!lora) return { ...model, method: wholeModel };
  // A method's targets are looked up by the name of a layer, and "all-linear" would match a norm.
  const layers = new Set(compileForward(modelSpecOf(model), 1).layers.map((layer) => `${layer}.weight`));
  const read = (name: string, shape: Shape): Float32Array => {
    const layer = name.replace(/\.weight$/, '');
    const options = layers.has(name) ? lora(layer) : undefined;
    const own = model.weights.share(name, shape);
    if (!options) return own;
    const { rank, useDora } = options;
    const [out, width] = shape as [number, number];
    return mergeLowRank(own, {
      down: model.weights.share(`${layer}.lora_A.weight`, [rank, width]),
      up: model.weights.share(`${layer}.lora_B.weight`, [out, rank]),
      rank,
      scaling: loraScaling(options),
      magnitude: useDora ? model.weights.share(`${layer}.lora_magnitude_vector`, [out]) : undefined,
    });
  };
  return { ...model, method: wholeModel, weights: new WeightStore({ read }) };
}
