/** What the options of the methods are called on screen, what an empty one means, and which of them few people need. */
import * as l10n from '@vscode/l10n';

/** The name of the option `key` of the config's schema; one that this version does not know keeps its key. */
export function optionName(key: string): string {
  const names: Record<string, string> = {
    rank: l10n.t('Rank'),
    alpha: l10n.t('Alpha'),
    dropout: l10n.t('Dropout'),
    targetModules: l10n.t('Target modules'),
    useRslora: l10n.t('Rank-stabilized'),
    useDora: l10n.t('DoRA'),
    layersToTransform: l10n.t('Layers'),
    quantization: l10n.t('Quantization'),
    blockSize: l10n.t('Block size'),
    hidden: l10n.t('Hidden width'),
    blocks: l10n.t('Last blocks'),
    modules: l10n.t('Modules'),
    placement: l10n.t('Placement'),
    reductionFactor: l10n.t('Reduction factor'),
    bottleneck: l10n.t('Bottleneck width'),
    activation: l10n.t('Activation'),
    layerDecay: l10n.t('Layer-wise decay'),
    neighbors: l10n.t('Neighbours'),
    temperature: l10n.t('Temperature'),
    frozenPrecision: l10n.t('Frozen layers'),
  };
  return names[key] ?? key;
}

/** What an option without a value and without a default in the schema means. */
export function emptyMeans(key: string): string | undefined {
  const words: Record<string, string> = {
    layersToTransform: l10n.t('All'),
    modules: l10n.t('None'),
    bottleneck: l10n.t('By the factor'),
  };
  return words[key];
}

/** Options that lie folded away until one of them is set. */
const rare = new Set([
  'dropout',
  'layersToTransform',
  'useRslora',
  'useDora',
  'blockSize',
  'modules',
  'bottleneck',
  'activation',
  'temperature',
]);

export const isRare = (key: string): boolean => rare.has(key);
