/** A method as a config has it, made for a network. */
import { methodObject } from '../../../src/trainer/config/methods.js';
import type { NetworkConfig } from '../../../src/trainer/nn/networkConfig.js';
import { mapOf } from '../../../src/trainer/nn/networkMap.js';
import { methodOf, type Method } from '../../../src/trainer/peft/method.js';

/** `options` may leave out what has a default. */
export const methodFor = (network: NetworkConfig, options: object): Method =>
  methodOf(methodObject().parse(options), mapOf(network));
