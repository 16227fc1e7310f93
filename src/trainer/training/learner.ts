/** What a training run requests of a model: predictions of every model, steps only of one that learns by steps. */
import type { ReadState, Trainable } from '../engine/trainable.js';

export interface Predictor {
  /** Logits [batch, labels] of a batch of images, or of their features. */
  logits: Trainable['logits'];
  /** The same with what the head reads of each image. */
  infer: Trainable['infer'];
  /** What a checkpoint holds of it. */
  read(): Promise<ReadState>;
  dispose(): Promise<void>;
}

/** A model that learns by optimiser steps. */
export type Learner = Predictor & Pick<Trainable, 'isRounded' | 'restore' | 'step' | 'toFloats'>;
