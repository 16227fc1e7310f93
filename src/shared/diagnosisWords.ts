/** What a diagnosis says: one sentence, one remedy, and the words on the button that carries it out. */
import type { Diagnosis } from './diagnoses.js';

/** `t` is that of l10n; `percent` writes a share, `figure` a learning rate and `integer` a count. */
export interface DiagnosisFormats {
  t: (message: string, ...args: (string | number)[]) => string;
  percent: (share: number) => string;
  figure: (value: number) => string;
  integer: (value: number) => string;
}

export interface DiagnosisWords {
  message: string;
  remedy: string;
  /** Absent where no key of the config mends it. */
  button?: string;
}

export function diagnosisWords(
  { code, values, labels = [], fix }: Diagnosis,
  { t, percent, figure, integer }: DiagnosisFormats,
): DiagnosisWords {
  const [first = 0, second = 0] = values;
  const value = typeof fix?.value === 'number' ? figure(fix.value) : (fix?.value ?? '');
  const button = fix ? { button: t('Set {0} to {1}', fix.key, value) } : {};
  switch (code) {
    case 'OVERFITTING':
      return {
        message: t(
          'The model overfits since step {0}: the validation loss rises while the training loss falls. The checkpoint of step {1} is in use.',
          integer(first),
          integer(second),
        ),
        remedy: t('Set earlyStoppingPatience to {0}: a run then ends soon after its best checkpoint.', value),
        ...button,
      };
    case 'UNDERFITTING':
      return {
        message: t(
          'The run ended too early: the validation loss was still falling, by {0} since step {1}.',
          percent(first),
          integer(second),
        ),
        remedy: t('Train longer: set epochs to {0}.', value),
        ...button,
      };
    case 'DIVERGED':
      return {
        message: t(
          'The training diverged at a learning rate of {0}: the loss is far above that of the untrained model, or not a number.',
          figure(first),
        ),
        remedy: t('Set learningRate to {0}, a tenth.', value),
        ...button,
      };
    case 'RATE_TOO_HIGH':
      return {
        message: t(
          'The learning rate of {0} is too high: the training loss shot up and is no lower than that of the untrained model.',
          figure(first),
        ),
        remedy: t('Set learningRate to {0}, a tenth.', value),
        ...button,
      };
    case 'RATE_TOO_LOW':
      return {
        message: t(
          'The learning rate of {0} is too low: after half of the steps the loss is still about that of a guess.',
          figure(first),
        ),
        remedy: t('Set learningRate to {0}, ten times as much.', value),
        ...button,
      };
    case 'CLASSES_IGNORED':
      return {
        message: t('The model finds no validation image of these labels: {0}.', labels.join(', ')),
        remedy: t(
          'Set classWeights to "balanced", so that rare labels count more, and look for wrong labels of theirs.',
        ),
        ...button,
      };
    case 'VALIDATION_SMALL':
      return {
        message: t(
          'With {0} validation images an accuracy is uncertain by ±{1} even where it is high, so checkpoints are chosen by chance.',
          integer(first),
          percent(second / 2),
        ),
        remedy: fix
          ? t('Set validationSplit to {0}, or add images.', value)
          : t('Add validation images: {0} or more.', 40),
        ...button,
      };
  }
}
