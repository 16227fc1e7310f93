/** The precisions of an exported ONNX file, one row each, from the widest to the narrowest. */
import type { Interval } from './interval.js';
import type { Localiser } from './localiser.js';

interface PrecisionRow {
  label: string;
  detail(l10n: Localiser): string;
  /** Points of accuracy that it may cost on the validation images, where the user says nothing. */
  maxLoss: number;
  /** How far a probability of the written file may be from the checkpoint's for one image. */
  tolerance: number;
}

export const precisions = {
  fp32: {
    label: 'fp32',
    detail: (l10n) => l10n.t('As the model was trained.'),
    maxLoss: 0,
    // Sums in another order make 1e-6, and no defect that matters stays below it.
    tolerance: 1e-3,
  },
  fp16: {
    label: 'fp16',
    detail: (l10n) => l10n.t('Half the size and as fast; predictions hardly ever change.'),
    maxLoss: 0.5,
    tolerance: 0.02,
  },
  'int8-weights': {
    label: 'int8-weights',
    detail: (l10n) => l10n.t('A quarter of the size: weights in 8 bits, computed in fp32.'),
    maxLoss: 0.5,
    tolerance: 0.15,
  },
  int8: {
    label: 'int8',
    detail: (l10n) => l10n.t('A quarter of the size, and fast on processors: weights and activations in 8 bits.'),
    maxLoss: 0.5,
    tolerance: 0.5,
  },
  int4: {
    label: 'int4',
    detail: (l10n) => l10n.t('A seventh of the size: weights in 4 bits, for ONNX Runtime alone.'),
    maxLoss: 1.5,
    tolerance: 0.7,
  },
} as const satisfies Record<string, PrecisionRow>;

export type Precision = keyof typeof precisions;

export const precisionNames = Object.keys(precisions) as Precision[];

/** What an exported ONNX file does on images that it was not trained on. */
export interface PrecisionFigures {
  accuracy: number;
  /** Wilson's interval of 95 % of the accuracy. */
  interval: Interval;
  /** Expected calibration error, 0 to 1. */
  ece: number;
  /** Images that these figures and `changed` are about. */
  images: number;
  /** Images whose prediction is not that of the file in fp32. */
  changed: number;
  /** One image at a time on the CPU, the median. */
  millisecondsPerImage: number;
  /** The same of the file in fp32, measured in turns with it. */
  fp32: { accuracy: number; millisecondsPerImage: number };
  /** Layers whose weights are narrow, and the names of those that stayed wider for the sake of the accuracy. */
  layers: number;
  wider: string[];
}
