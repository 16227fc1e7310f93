/** The kinds of linear layers of a network's blocks, under the words by which a method's targets name them. */
import { blocksOf, familyOf } from './families.js';
import type { NetworkConfig } from './networkConfig.js';
import { mapOf } from './networkMap.js';

/** Ends of a name, the shortest first. */
const endsOf = (name: string): string[] => {
  const parts = name.split('.');
  return parts.map((_, i) => parts.slice(parts.length - 1 - i).join('.'));
};

/**
 * One target for each kind of layer in the first block, among the linear `layers` of a network: a word that means this
 * kind alone, the word of other families before the family's own, and that before the one of transformers 5.
 */
export function layerKinds(config: NetworkConfig, layers: readonly string[]): string[] {
  const [block] = blocksOf(config);
  if (block === undefined) return [];
  const map = mapOf(config);
  const own = layers.filter((layer) => layer.startsWith(`${block}.`));
  const kindOf = (layer: string): string => {
    const [theirBlock] = map.transformers5(block);
    const below = [
      layer.slice(block.length + 1),
      ...map.transformers5(layer).map((name) => name.slice(theirBlock!.length + 1)),
    ];
    const words = [...Object.keys(familyOf(config).aliases ?? {}), ...below.flatMap(endsOf)];
    const meant = (word: string) => own.filter((each) => map.matches(each, word));
    return words.find((word) => meant(word).join() === layer) ?? layer;
  };
  return own.map(kindOf);
}
