/** From an opened model to what the compiler takes, and to the list of its weights. */
import { compileForward, type ModelSpec } from '../compile/compile.js';
import type { ParameterSpec } from '../compile/scope.js';
import type { Preprocessor } from '../data/imageProcessor.js';
import { mapOf } from '../nn/networkMap.js';
import { methodOf, wholeModel } from '../peft/method.js';
import type { LoadedCheckpoint } from './checkpoint.js';

/** How the graph normalises pixels. */
export const pixelNormOf = ({ mean, std, rescaleFactor, flipped }: Preprocessor): ModelSpec['norm'] => ({
  mean,
  deviation: std,
  rescale: rescaleFactor,
  flipped,
});

/** The compiler's input for the model's outputs; nothing trains. */
export function modelSpecOf({
  network,
  preprocessor,
  method,
  labels,
  neighbors,
  weights,
}: LoadedCheckpoint): ModelSpec {
  const { transform } = preprocessor;
  return {
    config: network,
    norm: pixelNormOf(preprocessor),
    weights,
    method: { ...methodOf(method, mapOf(network)), trains: () => false },
    labels: labels.length,
    height: transform.height,
    width: transform.width,
    neighbors,
  };
}

/** Names and shapes of the weights of a whole model, without what a method adds to it. */
export function wholeWeights(model: LoadedCheckpoint): ParameterSpec[] {
  return compileForward({ ...modelSpecOf(model), method: methodOf(wholeModel, mapOf(model.network)) }, 1).parameters;
}
