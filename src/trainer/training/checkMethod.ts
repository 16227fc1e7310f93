/** Holds a method's options against the network they are for: faults that the config's schema cannot see. */
import type { ParameterSpec } from '../compile/scope.js';
import type { LoadedConfig } from '../config/load.js';
import { errors } from '../errors/errors.js';
import type { MethodConfig } from '../config/methodConfig.js';
import { matchesPattern, type NetworkNames } from '../peft/method.js';

/** The network as the method made it. */
export interface Network {
  /** What trains and what does not. */
  parameters: readonly ParameterSpec[];
  frozen: readonly ParameterSpec[];
  /** Names of the linear layers. */
  layers: readonly string[];
  names: NetworkNames;
}

/** Throws a `UserError` when an option names what is not there, or is too large for the network. */
export function checkMethod(method: MethodConfig, network: Network, placeOf: LoadedConfig['placeOf']): void {
  if (method.type === 'lora' || method.type === 'qlora') checkLora(method, network, placeOf);
  if (method.type === 'partial') checkPartial(method, network, placeOf);
  if (method.type === 'adapter' && method.bottleneck !== undefined) {
    for (const { name, shape } of network.parameters)
      if (name.endsWith('.adapter_down.weight') && shape[0]! > shape[1]!)
        throw errors.bottleneckTooWide(shape[0]!, shape[1]!, placeOf('method.bottleneck'));
  }
}

function checkLora(
  { rank, targetModules, layersToTransform }: Extract<MethodConfig, { type: 'lora' | 'qlora' }>,
  { parameters, layers, names: network }: Network,
  placeOf: LoadedConfig['placeOf'],
): void {
  const body = layers.filter((layer) => !network.isHead(layer));
  const unmatched = targetModules.filter((target) => !body.some((layer) => network.matches(layer, target)));
  const known = [...new Set(body.map((layer) => layer.split('.').at(-1)!))];
  if (unmatched.length) throw errors.targetModulesUnmatched(unmatched, known, placeOf('method.targetModules'));
  const outside = layersToTransform?.find((layer) => layer >= network.blocks);
  if (outside !== undefined) throw errors.layerOutOfRange(outside, network.blocks, placeOf('method.layersToTransform'));
  const adapted = parameters.filter(({ name }) => name.endsWith('.lora_A.weight'));
  // Every name exists, but in none of the chosen blocks.
  if (!adapted.length)
    throw errors.targetModulesOutsideLayers(targetModules, layersToTransform!, placeOf('method.targetModules'));
  for (const { name, shape } of adapted) {
    const layer = name.slice(0, -'.lora_A.weight'.length);
    const out = parameters.find((each) => each.name === `${layer}.lora_B.weight`)!.shape[0]!;
    const width = Math.min(shape[1]!, out);
    if (rank > width) throw errors.rankTooLarge(rank, layer, width, placeOf('method.rank'));
  }
}

function checkPartial(
  { blocks, modules }: Extract<MethodConfig, { type: 'partial' }>,
  { parameters, frozen, names: network }: Network,
  placeOf: LoadedConfig['placeOf'],
): void {
  if (blocks > network.blocks) throw errors.blocksTooMany(blocks, network.blocks, placeOf('method.blocks'));
  const names = [...parameters, ...frozen].map(({ name }) => name);
  const unmatched = modules.filter((pattern) => !names.some((name) => matchesPattern(name, pattern)));
  // Numbers of blocks would make the list long without information.
  const known = [...new Set(names.flatMap((name) => name.split('.')).filter((part) => !/^\d+$/.test(part)))];
  if (unmatched.length) throw errors.modulesUnmatched(unmatched, known, placeOf('method.modules'));
}
