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
  };
  return names[key] ?? key;
}
