/** Advice in plain words: the reasons with the numbers behind them, and the text that `vitune advise` prints. */
import * as l10n from '@vscode/l10n';
import { fewImages, wellKnown } from '../../shared/advice.js';
import { type Sized, trainingImages } from '../insight/adviceRule.js';
import type { Advice, Estimate } from '../protocol.js';
import { estimateLines } from './dryRun.js';
import { percent } from './output.js';

/** Why, in sentences; `all` are the models that were measured, `estimate` is that of the advised training. */
export function reasonsFor(method: string, best: Sized, all: readonly Sized[], estimate: Estimate): string[] {
  const { images, ofImages, classes, imagesPerClass, accuracy, interval, curve, gain, model } = best;
  const [low, high] = interval;
  const training = trainingImages(best);
  return [
    l10n.t(
      'On the features of {0} a linear head is right in {1} of images that it was not trained on ({2} to {3}; {4} of {5} images measured).',
      model,
      percent(accuracy),
      percent(low),
      percent(high),
      images,
      ofImages,
    ),
    ...all
      .filter((each) => each !== best)
      .map((each) => l10n.t('{0} reaches {1} in the same way.', each.model, percent(each.accuracy))),
    l10n.t('{0} classes, of which the middle one has {1} images.', classes, imagesPerClass),
    methodReason(method, best, training, estimate),
    l10n.t(
      'By the number of training images: {0}',
      curve.map((point) => `${point.images}: ${percent(point.accuracy)}`).join(', '),
    ),
    gain >= 0.01
      ? l10n.t('Twice as many images may add about {0} to the accuracy.', percent(gain))
      : l10n.t('More images of the same kind would hardly help.'),
  ];
}

function methodReason(method: string, best: Sized, training: number, { short }: Estimate): string {
  if (short.includes('memory')) return l10n.t('Even the lightest method needs more memory than is free.');
  if (method !== 'head')
    return l10n.t(
      '{0} training images are enough, and the head leaves enough wrong ({1}), for training more than a head to pay.',
      training,
      percent(1 - best.accuracy),
    );
  if (best.isHeadOnly) return l10n.t('Of an ONNX file only a head can be trained.');
  if (best.familiarity >= wellKnown)
    return l10n.t('The model knows such images well: a head leaves little for a longer training to gain.');
  if (training < fewImages)
    return l10n.t(
      'With fewer than {0} training images (here {1}), no method was measurably better than a head, which is far quicker.',
      fewImages,
      training,
    );
  return l10n.t('Methods that train more than a head need more memory than is free.');
}

/** What `vitune advise` prints for a user to read. */
export function adviceLines(advice: Advice, estimate: Estimate): string[] {
  const { model, method, settings, expectedAccuracy, interval, reasons } = advice;
  const set = Object.entries(settings).map(([key, value]) => `, ${key} ${JSON.stringify(value)}`);
  return [
    l10n.t('Advice: model {0}, method {1}{2}', model, method, set.join('')),
    l10n.t(
      'Expected accuracy: {0} ({1} to {2})',
      percent(expectedAccuracy),
      percent(interval[0]),
      percent(interval[1]),
    ),
    ...estimateLines(estimate),
    '',
    ...reasons.map((reason) => `- ${reason}`),
  ];
}
