/** From a config to what the engine needs: the network, its method checked against it, and first values. */
import type { ModelSpec, OptimizerSpec } from '../compile/compile.js';
import { compileForward } from '../compile/compile.js';
import type { ParameterSpec } from '../compile/scope.js';
import type { LoadedConfig } from '../config/load.js';
import type { TrainConfig } from '../config/schema.js';
import type { Values } from '../engine/trainable.js';
import { errors } from '../errors.js';
import { sizeOf } from '../ir/shape.js';
import type { NetworkConfig } from '../nn/networkConfig.js';
import { initialAdapter } from '../peft/init.js';
import { isHead, matchesModule, methodOf } from '../peft/method.js';
import type { BaseModel } from './baseModel.js';

export interface Prepared {
  /** The base's config with the run's dropout. */
  network: NetworkConfig;
  model: ModelSpec;
  parameters: ParameterSpec[];
  /** Scalars of the whole network, adapters included. */
  totalParameters: number;
}

/** Checks the method against the model and gives what the compiler takes. Throws a `UserError` when LoRA's options do not fit. */
export function prepare({ config, placeOf }: LoadedConfig, base: BaseModel, labels: number): Prepared {
  const { hiddenDropout } = base.config;
  const network: NetworkConfig = { ...base.config, hiddenDropout: config.dropout ?? hiddenDropout };
  const { mean, std, rescaleFactor, transform } = base.preprocessor;
  const method = methodOf(config.method);
  const model: ModelSpec = {
    config: network,
    norm: { mean, deviation: std, rescale: rescaleFactor },
    frozen: (name, shape) => base.weight(name, shape, config.seed),
    method,
    labels,
    height: transform.height,
    width: transform.width,
    dropPath: config.dropPath,
  };
  const { parameters, layers, graph } = compileForward(model, 1);
  if (config.method.type === 'lora') {
    const body = layers.filter((layer) => !isHead(layer));
    const unmatched = config.method.targetModules.filter((target) => !body.some((layer) => matchesModule(layer, target)));
    const known = [...new Set(body.map((layer) => layer.split('.').at(-1)!))];
    if (unmatched.length) throw errors.targetModulesUnmatched(unmatched, known, placeOf('method.targetModules'));
    if (config.method.rank > network.hiddenSize) throw errors.rankTooLarge(config.method.rank, body[0]!, network.hiddenSize, placeOf('method.rank'));
  }
  const frozen = graph.nodes.flatMap(({ op }) => (op.type === 'constant' && op.name && !op.name.startsWith('pixel.') ? [op.data.length] : []));
  const trained = parameters.map(({ shape }) => sizeOf(shape));
  return { network, model, parameters, totalParameters: [...frozen, ...trained].reduce((a, b) => a + b, 0) };
}

/** Where training starts: the base's weights, a new head and new adapters. */
export function initialValues({ parameters }: Prepared, base: BaseModel, seed: number): Values {
  return new Map(parameters.map(({ name, shape }) => [name, initialAdapter(name, shape, seed) ?? base.weight(name, shape, seed).slice()]));
}

export function optimizerOf(config: TrainConfig): OptimizerSpec {
  const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon, weightDecay, maxGradNorm, optim, muonMomentum, ema } = config;
  return { beta1, beta2, epsilon, weightDecay, maxGradNorm, muon: optim === 'muon' ? muonMomentum : undefined, ema: ema || undefined };
}
