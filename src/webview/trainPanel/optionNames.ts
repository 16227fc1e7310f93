/** What the options of the methods are called on screen. */
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
  };
  return names[key] ?? key;
}
