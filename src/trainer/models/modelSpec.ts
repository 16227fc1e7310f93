/** From an opened model to what the compiler takes, and to the list of its weights. */
import { compileForward, type ModelSpec } from '../compile/compile.js';
import type { ParameterSpec } from '../compile/scope.js';
import { mapOf } from '../nn/networkMap.js';
import { methodOf, wholeModel } from '../peft/method.js';
import type { LoadedCheckpoint } from './checkpoint.js';

/** The compiler's input for the model's outputs; nothing trains. */
export function modelSpecOf({
  network,
  preprocessor,
  method,
  labels,
  neighbors,
  weights,
}: LoadedCheckpoint): ModelSpec {
  const { transform, mean, std, rescaleFactor, flipped } = preprocessor;
  return {
    config: network,
    norm: { mean, deviation: std, rescale: rescaleFactor, flipped },
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
