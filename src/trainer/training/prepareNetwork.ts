/** From a config to what the engine needs: the network, the method checked against it, and the initial values. */
import type { ModelSpec } from '../compile/compile.js';
import { compileForward } from '../compile/compile.js';
import { bytesOf, isLeaf } from '../compile/memory.js';
import { frozenOf, type ParameterSpec } from '../compile/scope.js';
import type { LoadedConfig } from '../config/load.js';
import type { TrainConfig } from '../config/schema.js';
import type { Values } from '../engine/trainable.js';
import { errors } from '../errors/errors.js';
import { sizeOf } from '../ir/shape.js';
import { familyOf } from '../nn/families.js';
import { isOnnx } from '../nn/families/onnx.js';
import type { NetworkConfig } from '../nn/networkConfig.js';
import { mapOf } from '../nn/networkMap.js';
import type { OptimizerSpec } from '../optim/buildUpdate.js';
import { firstValues } from '../peft/init.js';
import { methodOf } from '../peft/method.js';
import type { BaseModel } from '../models/baseModel.js';
import { pixelNormOf } from '../models/modelSpec.js';
import { checkMethod } from './checkMethod.js';

export interface PreparedNetwork {
  /** The base's config with the run's dropout. */
  network: NetworkConfig;
  model: ModelSpec;
  parameters: ParameterSpec[];
  /** The weights that do not train. */
  frozen: ParameterSpec[];
  /** Scalars of the whole network, adapters included. */
  totalParameters: number;
  /** Bytes of all values of the forward pass of one image. */
  bytesOfImage: number;
}

/** Checks the method against the model, and describes both for the compiler. Throws a `UserError` on a conflict. */
export function prepareNetwork(
  { config, placeOf }: Pick<LoadedConfig, 'config' | 'placeOf'>,
  base: Pick<BaseModel, 'config' | 'preprocessor' | 'weights' | 'requireWeight'>,
  labels: number,
): PreparedNetwork {
  const { type } = config.method;
  if (isOnnx(base.config) && type !== 'head' && type !== 'pretrained')
    throw errors.onnx.headOnly(type, placeOf('method'));
  const { hiddenDropout, family } = base.config;
  if (config.patchDropout && familyOf(base.config).keepsAllTokens)
    throw errors.patchDropoutUnavailable(family, placeOf('patchDropout'));
  const network: NetworkConfig = { ...base.config, hiddenDropout: config.dropout ?? hiddenDropout };
  const { transform } = base.preprocessor;
  const names = mapOf(network);
  const model: ModelSpec = {
    config: network,
    norm: pixelNormOf(base.preprocessor),
    weights: base.weights(config.seed),
    method: methodOf(config.method, names),
    labels,
    height: transform.height,
    width: transform.width,
    dropPath: config.dropPath,
    patchDropout: config.patchDropout,
  };
  const { parameters, layers, graph } = compileForward(model, 1);
  const frozen = frozenOf(graph);
  // Weights are read when a graph is loaded; whether they are there is better known before images are decoded.
  for (const { name, shape } of frozen) base.requireWeight(name, shape);
  checkMethod(config.method, { parameters, frozen, layers, names }, placeOf);
  const fromFile = isOnnx(network) ? network.graph.weights : 0;
  const totalParameters = [...parameters, ...frozen].reduce((sum, { shape }) => sum + sizeOf(shape), fromFile);
  const bytesOfImage = graph.nodes.reduce(
    (sum, node) => sum + (isLeaf(node) ? 0 : node.outputs.reduce((all, value) => all + bytesOf(value), 0)),
    0,
  );
  return { network, model, parameters, frozen, totalParameters, bytesOfImage };
}

/** Where training starts: the base's weights, a new head and new adapters. */
export function initialValues({ parameters }: PreparedNetwork, base: BaseModel, seed: number): Values {
  return firstValues(parameters, (name, shape) => base.weight(name, shape, seed), seed);
}

export function optimizerOf(config: TrainConfig): OptimizerSpec {
  const {
    adamBeta1: beta1,
    adamBeta2: beta2,
    adamEpsilon: epsilon,
    weightDecay,
    maxGradNorm,
    optim,
    muonMomentum,
    ema,
  } = config;
  return {
    beta1,
    beta2,
    epsilon,
    weightDecay,
    maxGradNorm,
    muon: optim === 'muon' ? muonMomentum : undefined,
    ema: ema || undefined,
  };
}
