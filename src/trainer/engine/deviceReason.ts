/** Why a device cannot be used, in a sentence for a user: ONNX Runtime's own words are for its developers. */
import * as l10n from '@vscode/l10n';
import type { DeviceName } from '../protocol.js';

/** What ONNX Runtime says, and what it means. */
const meanings: [said: RegExp, meaning: () => string][] = [
  [
    /ExecutionProvider_Cuda: Failed to load shared library|libcud|libcublas|onnxruntime_providers_cuda/i,
    () => l10n.t("the CUDA libraries, or ONNX Runtime's part for CUDA, are not installed"),
  ],
  [/no CUDA-capable device|CUDA driver version is insufficient/i, () => l10n.t('no NVIDIA graphics card was found')],
  [/Failed to get a WebGPU adapter|No supported adapters/i, () => l10n.t('no graphics card with a driver was found')],
  [
    /execution provider .*(not (available|supported|found))|backend not found/i,
    () => l10n.t('ONNX Runtime has no part for it on this system'),
  ],
];

/** The reason in plain words, and what was said where that differs. */
export function deviceReason(device: DeviceName, said: string): { reason: string; detail?: string } {
  const meaning = meanings.find(([words]) => words.test(said))?.[1]();
  return meaning === undefined ? { reason: said } : { reason: meaning, detail: `${device}: ${said}` };
}
