/** The messages of the image editor. Types only; `protocol.ts` is the door. */
import type { Explanation } from '../../shared/explanation.js';
import type { ErrorInfo, Prediction, TaskPredictions, UnknownAnswer } from '../../trainer/protocol.js';
import type { FromAnyView, Init, Patch } from '../messages.js';

export type ImageState =
  /** A webview URI, or a data: URI of a preview made by the host, which may have fewer pixels than the file. */
  | { kind: 'shown'; src: string; isPreview?: boolean }
  /** The host knows that there is nothing to show. */
  | { kind: 'none'; error: ErrorInfo };

export type VerdictState =
  | { kind: 'noCheckpoint' }
  | { kind: 'classifying' }
  | {
      kind: 'predictions';
      predictions: Prediction[];
      /** Where there are several: each one's. */
      tasks?: TaskPredictions[];
      /** Whether the image is unlike the training images, where the checkpoint can tell. */
      unknown?: UnknownAnswer;
    }
  | { kind: 'error'; error: ErrorInfo };

/** The explanation of an answer, drawn over the image. */
export type WhyState =
  | { kind: 'hidden' }
  | { kind: 'asking' }
  /** `previews`: a data URI for each similar image; null: there is none. */
  | { kind: 'shown'; explanation: Explanation; previews: (string | null)[] }
  | { kind: 'error'; error: ErrorInfo };

export interface ImageEditorState {
  file: { path: string; name: string; /** bytes on disk */ size: number };
  image: ImageState;
  /** The active checkpoint, for the words "by RUN, step N"; null: none. */
  checkpoint: { path: string; run: string; step: number } | null;
  verdict: VerdictState;
  why: WhyState;
}

/**
 * When another checkpoint becomes active: patch `checkpoint` and `verdict: classifying`, then `verdict` with the
 * predictions.
 */
export type ToImageEditor = Init<ImageEditorState> | Patch<ImageEditorState>;

export type FromImageEditor =
  | FromAnyView
  /**
   * The browser cannot show `src`: the host may patch `image` with a preview or with `none`; until then the view says
   * so itself.
   */
  | { type: 'imageFailed' }
  | { type: 'chooseCheckpoint' }
  /** Show the training panel. */
  | { type: 'train' }
  /** The share of the validation images that counts as known, from 0.5 to 1, is to be another. */
  | { type: 'accept'; share: number }
  /** Explain the answer for a class, by its name among all logits; without one, for the likeliest. */
  | { type: 'explain'; label?: string }
  | { type: 'hideExplanation' }
  /** Compute the calibration of the active checkpoint, which has none. */
  | { type: 'calibrate' }
  | { type: 'openImage'; path: string }
  /** Try again after an error. */
  | { type: 'classify' };
