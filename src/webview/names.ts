/** What methods and devices are called on screen. */
import * as l10n from '@vscode/l10n';
import type { DeviceName } from '../trainer/protocol.js';
import type { MethodName } from './protocol.js';

/** The method's name for people; one that this version does not know keeps that of the config. */
export function methodName(type: MethodName): string {
  const names: Record<MethodName, string> = {
    pretrained: l10n.t('Pretrained (no training)'),
    head: l10n.t('Head'),
    partial: l10n.t('Last blocks'),
    adapter: l10n.t('Adapter'),
    lora: l10n.t('LoRA'),
    qlora: l10n.t('QLoRA'),
    full: l10n.t('Full'),
  };
  return names[type] ?? type;
}

export function deviceNames(): Record<'auto' | DeviceName, string> {
  return {
    auto: l10n.t('Automatic'),
    cpu: l10n.t('CPU'),
    webgpu: l10n.t('GPU (WebGPU)'),
    cuda: l10n.t('GPU (CUDA)'),
    tensorflow: 'TensorFlow.js',
  };
}
