/** Where the weights and layers of a network lie and what they are for, by their names. */
import { depthOf, familyOf } from './families.js';
import { theirNames } from './moduleNames.js';
import type { NetworkConfig } from './networkConfig.js';
import { endsIn, firstValueIn, roleIn, type WeightRole } from './weightRoles.js';

export interface NetworkMap {
  /** Number of blocks. */
  blocks: number;
  /** 0 before the blocks, i + 1 in block i, `blocks` + 1 for what comes after them: the final norm and the head. */
  depthOf(name: string): number;
  /** Whether a weight or layer belongs to the classification head. */
  isHead(name: string): boolean;
  roleOf(name: string): WeightRole;
  /** The constant that a weight begins with where it is not drawn at random. */
  firstValueOf(name: string): number | undefined;
  /** What transformers 5 calls a module: one name, or one for each part of it. */
  transformers5(module: string): readonly string[];
  /**
   * Whether a target means a layer: `all-linear` every one but the head; others, as in PEFT, the whole name or its last
   * parts, in transformers 4 or 5, or the word that other families have for it.
   */
  matches(layer: string, target: string): boolean;
}

/** Whether a weight or layer belongs to the classification head of a network. */
export const isHeadOf = ({ classifiers }: Pick<NetworkConfig, 'classifiers'>, name: string): boolean =>
  classifiers.some((head) => name === head || name.startsWith(`${head}.`));

/** Linear layers of transformers' class that its classification does not need, so that no graph has them. */
export const unusedLayersOf = (config: NetworkConfig): readonly string[] => familyOf(config).unusedLayers ?? [];

export function mapOf(config: NetworkConfig): NetworkMap {
  const { roles, transformers5 = [], aliases = {} } = familyOf(config);
  const isHead = (name: string): boolean => isHeadOf(config, name);
  const renamed = (module: string): string[] => theirNames(module, transformers5);
  return {
    blocks: config.layers,
    depthOf: (name) => depthOf(config, name),
    isHead,
    roleOf: (name) => roleIn(roles, name),
    firstValueOf: (name) => firstValueIn(roles, name),
    transformers5: renamed,
    matches(layer, target) {
      if (target === 'all-linear') return !isHead(layer);
      const wanted = Object.hasOwn(aliases, target) ? aliases[target]! : target;
      return [layer, ...renamed(layer)].some((name) => endsIn(name, target) || endsIn(name, wanted));
    },
  };
}
