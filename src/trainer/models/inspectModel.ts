/** What a model offers to methods: its family and the kinds of layers that can be adapted. */
import { compileForward } from '../compile/compile.js';
import { layerKinds } from '../nn/layerKinds.js';
import { mapOf } from '../nn/networkMap.js';
import { methodOf, wholeModel } from '../peft/method.js';
import type { ModelInspection } from '../protocol.js';
import { openUnhashed, type BaseModel } from './baseModel.js';

/** Throws a `UserError` when there is no model of that name here, or it is of an unknown architecture. */
export const inspectModel = async (model: string): Promise<ModelInspection> =>
  inspectionOf(await openUnhashed({ model, init: 'pretrained', seed: 0 }));

/** The same of an open one. */
export function inspectionOf({ config, weights }: Pick<BaseModel, 'config' | 'weights'>): ModelInspection {
  const { layers } = compileForward(
    {
      config,
      norm: { mean: [0, 0, 0], deviation: [1, 1, 1], rescale: 1 },
      // A graph reads no weight before it is run.
      weights: weights(0),
      method: { ...methodOf(wholeModel, mapOf(config)), trains: () => false },
      labels: 1,
      height: config.imageSize,
      width: config.imageSize,
    },
    1,
  );
  return {
    type: 'model',
    family: config.family,
    blocks: config.layers,
    width: config.hiddenSize,
    imageSize: config.imageSize,
    layers: layerKinds(config, layers),
  };
}
