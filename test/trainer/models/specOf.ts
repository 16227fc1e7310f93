/** What the compiler takes to train an opened model by a method. */
import type { ModelSpec } from '../../../src/trainer/compile/compile.js';
import type { BaseModel } from '../../../src/trainer/models/baseModel.js';
import { pixelNormOf } from '../../../src/trainer/models/modelSpec.js';
import { methodFor } from '../peft/methodFor.js';

/** `method` as a config has it, defaults left out. */
export function specOf({ config, preprocessor, weights }: BaseModel, method: object, labels: number): ModelSpec {
  const { transform } = preprocessor;
  return {
    config,
    norm: pixelNormOf(preprocessor),
    weights: weights(0),
    method: methodFor(config, method),
    labels,
    height: transform.height,
    width: transform.width,
  };
}
