/** The config of ViT and DeiT, under whichever names it was written. */
import type { NetworkConfig } from '../networkConfig.js';

export interface VitConfig extends NetworkConfig {
  /** Also the prefix of the body's weight names. */
  family: 'vit' | 'deit';
  intermediateSize: number;
  activation: string;
  layerNormEpsilon: number;
  qkvBias: boolean;
  /** Tokens before the patches: the class token, and DeiT's distillation token. */
  specialTokens: 1 | 2;
  /** `classifier` on the class token, or the mean of two heads (DeiT with a teacher). */
  head: 'classifier' | 'distilled';
}

export const distilled = 'DeiTForImageClassificationWithTeacher';

/** The head of a DeiT with a teacher. */
export const twoClassifiers = (features: number) => ({
  architecture: distilled,
  classifiers: ['cls_classifier', 'distillation_classifier'],
  features,
});
