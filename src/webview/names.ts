/** What methods and devices are called on screen. */
import * as l10n from '@vscode/l10n';
import type { DeviceName } from '../trainer/protocol.js';
import type { MethodName } from './protocol.js';

export function methodNames(): Record<MethodName, string> {
  return { head: l10n.t('Head'), lora: l10n.t('LoRA'), full: l10n.t('Full') };
}

export function deviceNames(): Record<'auto' | DeviceName, string> {
  return { auto: l10n.t('Automatic'), cpu: l10n.t('CPU'), webgpu: l10n.t('GPU (WebGPU)'), cuda: l10n.t('GPU (CUDA)') };
}
