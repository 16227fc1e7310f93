/** The list of the images of an evaluation: labels, predictions, probabilities, losses, and the run's splits. */
import type { TaskCalibration } from '../../shared/calibration.js';
import { spansOf } from '../core/tasks.js';
import { LabelColumns } from '../data/datasetList.js';
import type { EvaluatedImage, SplitName, Task } from '../protocol.js';
import type { ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../shared/imageListBuilder.js';
import { cutsOf } from './thresholds.js';

/** Of a task: what was predicted of each image. */
interface Predicted {
  prediction: ChoiceBuilder;
  probability: NumberBuilder;
  loss: NumberBuilder;
}

export class EvaluatedList {
  readonly #images = new ImageListBuilder();
  readonly #labels: LabelColumns;
  readonly #predicted: Predicted[];
  readonly #split = new ChoiceBuilder({ id: 'split' }, ['train', 'validation', 'test']);
  readonly #likeness = new ChoiceBuilder({ id: 'likeness' }, ['known', 'unknown']);
  #hasLikeness = false;

  /** Of each multi-label task, the logit from which on each label counts as predicted. */
  readonly #cuts: readonly (readonly number[] | undefined)[];

  /** `calibration` has the thresholds of each multi-label task, where they are known. */
  constructor(
    private readonly tasks: readonly Task[],
    calibration: readonly Pick<TaskCalibration, 'temperature' | 'thresholds'>[] = [],
  ) {
    this.#cuts = tasks.map((_, t) => cutsOf(calibration[t]));
    this.#labels = new LabelColumns(tasks);
    this.#predicted = tasks.map(({ name, labels, multiLabel }) => {
      const about = tasks.length > 1 ? { task: name } : {};
      return {
        prediction: new ChoiceBuilder({ id: 'prediction', ...about }, labels, multiLabel),
        probability: new NumberBuilder({ id: 'probability', ...about }, 'percent'),
        loss: new NumberBuilder({ id: 'loss', ...about }, 'figure'),
      };
    });
  }

  /** `targets` (1 for a label that is right) and `logits`, both [labels of all tasks]; `part` is of the run. */
  add(
    path: string,
    part: SplitName | undefined,
    targets: Float32Array,
    logits: Float32Array,
    { answers, unknown }: Pick<EvaluatedImage, 'answers' | 'unknown'>,
  ): void {
    const row = this.#images.add(path);
    if (unknown) this.#likeness.set(row, unknown.isUnknown ? 'unknown' : 'known');
    this.#hasLikeness ||= unknown !== undefined;
    if (part) this.#split.set(row, part);
    const right = [...targets.keys()].filter((label) => targets[label] === 1);
    this.#labels.set(row, right);
    spansOf(this.tasks).forEach(({ task, start, end }, t) => {
      const { prediction, probability, loss } = this.#predicted[t]!;
      if (task.multiLabel) {
        // Without thresholds a label counts as predicted from a probability of one half on, which is a logit of 0.
        const own = logits.subarray(start, end);
        const labels = [...own.keys()].filter((label) => own[label]! >= (this.#cuts[t]?.[label] ?? 0));
        prediction.setSeveral(row, labels);
        loss.set(row, binaryCrossEntropy(own, targets.subarray(start, end)));
        return;
      }
      const answer = answers.find((each) => each.task === task.name);
      if (!answer) return;
      prediction.set(row, answer.prediction.label);
      probability.set(row, answer.prediction.probability);
      loss.set(row, answer.loss);
    });
  }

  list(): ImageList {
    const predicted = this.#predicted.flatMap(({ prediction, probability, loss }, t) =>
      // The labels of an image each have a probability: there is none of them all.
      this.tasks[t]!.multiLabel ? [prediction, loss] : [prediction, probability, loss],
    );
    const likeness = this.#hasLikeness ? [this.#likeness] : [];
    return this.#images.list([...this.#labels.columns, this.#split, ...likeness, ...predicted]);
  }
}

/** The mean over the labels of an image, in nats: `softplus(x) − x·y`, so that no exponential overflows. */
function binaryCrossEntropy(logits: Float32Array, targets: Float32Array): number {
  const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  return logits.reduce((sum, x, i) => sum + softplus(x) - x * targets[i]!, 0) / logits.length;
}
