/**
 * What goes wrong in a training run, found in its events: each rule compares with the noise of what it reads, and each
 * speaks once a run. docs/diagnoses.md has the rules with their thresholds.
 */
import { wilson } from './interval.js';
import type { EventFields, TrainEvent } from './trainEvent.js';

export type DiagnosisCode =
  | 'OVERFITTING'
  | 'UNDERFITTING'
  | 'DIVERGED'
  | 'RATE_TOO_HIGH'
  | 'RATE_TOO_LOW'
  | 'CLASSES_IGNORED'
  | 'VALIDATION_SMALL';

export interface Diagnosis {
  code: DiagnosisCode;
  /** The step after which it was found. */
  step: number;
  /** Steps, images and shares that the sentence names, in its order. */
  values: readonly number[];
  /** Labels that it names. */
  labels?: readonly string[];
  /** The key of the config that mends it, and its new value; absent where no key does. */
  fix?: { key: string; value: number | string };
}

/** The steps between two validations, and the second of them. */
interface Window {
  step: number;
  /** Mean training loss of the steps; where no event reports any, that of those before. */
  train: number;
  /** How many step events that is. */
  steps: number;
  /** The highest mean of a few consecutive steps. */
  peak: number;
  loss: number;
  accuracy: number;
  /** Labels with images but without a hit, as `task label`. */
  missed: readonly string[];
}

/** What the rules read of a run so far. */
export interface Course {
  started?: EventFields['started'];
  windows: readonly Window[];
  /** Since the last validation. */
  open: { sum: number; steps: number; peak: number; recent: readonly number[] };
  /** The training losses of the first steps, of a model that has learnt nothing yet. */
  first: readonly number[];
  /** The highest learning rate so far. */
  learningRate: number;
  /** The step of the best checkpoint. */
  best: number;
  found: readonly Diagnosis[];
}

const nothingOpen: Course['open'] = { sum: 0, steps: 0, peak: 0, recent: [] };
export const noCourse: Course = { windows: [], open: nothingOpen, first: [], learningRate: 0, best: 0, found: [] };

/** The thresholds of the rules; docs/diagnoses.md lists them with their reasons. */
export const thresholds = {
  /** Step events that are averaged to see a peak, and that say what the loss was at first. */
  fewSteps: 5,
  /** Steps without which a run is too short to be assessed by its rate or its length. */
  leastSteps: 20,
  /** Validations in a row that must agree. */
  inARow: 3,
  overfitting: { rise: 0.15, nats: 0.5, trainFall: 0.7, gap: 0.5 },
  underfitting: { fall: 0.1, trainShare: 0.25 },
  diverged: 1.5,
  tooHigh: { peak: 1.5, stuck: 0.9 },
  tooLow: { fall: 0.9, calm: 1.1 },
  /** The accuracy at which the interval of the validation images is assessed, and the width it may have. */
  validation: { accuracy: 0.9, width: 0.2, images: 40, share: 0.5 },
} as const;

/** Stands for a loss that is not finite, which JSON writes as null, so that a course can be sent as JSON. */
const beyond = 1e9;
const finite = (loss: number | null): number => (loss !== null && Number.isFinite(loss) ? loss : beyond);

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The course so far and one more event. */
export function follow(now: Course, event: TrainEvent): Course {
  switch (event.type) {
    case 'started':
      return begun(now, event);
    case 'step':
      return stepped(now, event);
    case 'evaluation':
      return event.split === 'validation' && !event.judged ? validated(now, event) : now;
    case 'checkpoint':
      return event.best ? bettered(now, event.step) : now;
    case 'finished':
      return event.reason === 'epochs' ? findingsOf(now, [underfitting]) : now;
    case 'error':
      return event.code === 'LOSS_NOT_FINITE' ? findingsOf(now, [broken]) : now;
    default:
      return now;
  }
}

/** The checkpoint in use is another one from here on, also in what was said of it. */
const bettered = (now: Course, best: number): Course => ({
  ...now,
  best,
  found: now.found.map((each) => (each.code === 'OVERFITTING' ? { ...each, values: [each.values[0]!, best] } : each)),
});

/** A resumed run takes the steps after its checkpoint again. */
function begun(now: Course, event: EventFields['started']): Course {
  const { resumedFrom } = event;
  if (resumedFrom === undefined) return { ...noCourse, started: event };
  const isBefore = ({ step }: { step: number }): boolean => step <= resumedFrom;
  return {
    ...now,
    started: event,
    windows: now.windows.filter(isBefore),
    open: nothingOpen,
    found: now.found.filter(isBefore),
  };
}

function stepped(now: Course, { loss, learningRate }: EventFields['step']): Course {
  const value = finite(loss);
  const { fewSteps } = thresholds;
  const recent = [...now.open.recent, value].slice(-fewSteps);
  return {
    ...now,
    first: now.first.length < fewSteps && now.windows.length === 0 ? [...now.first, value] : now.first,
    learningRate: Math.max(now.learningRate, learningRate),
    open: {
      sum: now.open.sum + value,
      steps: now.open.steps + 1,
      peak: recent.length === fewSteps ? Math.max(now.open.peak, meanOf(recent)) : now.open.peak,
      recent,
    },
  };
}

function validated(now: Course, event: EventFields['evaluation']): Course {
  const { sum, steps, peak, recent } = now.open;
  const window: Window = {
    step: event.step,
    train: steps > 0 ? sum / steps : (now.windows.at(-1)?.train ?? beyond),
    steps,
    peak,
    loss: finite(event.loss),
    accuracy: event.accuracy,
    missed: now.started ? missedIn(event, now.started) : [],
  };
  const next = { ...now, windows: [...now.windows, window], open: { ...nothingOpen, recent } };
  return findingsOf(next, [validationSmall, diverged, rateTooHigh, rateTooLow, overfitting, classesIgnored]);
}

type Rule = (course: Course, started: EventFields['started']) => Omit<Diagnosis, 'step'> | undefined;

/** Adds what the rules find that was not found before. */
function findingsOf(now: Course, rules: readonly Rule[]): Course {
  const { started } = now;
  // A method that takes no steps has no course.
  if (!started || started.steps === 0) return now;
  const step = now.windows.at(-1)?.step ?? 0;
  return rules.reduce((course, rule) => {
    const found = rule(course, started);
    if (!found || course.found.some(({ code }) => code === found.code)) return course;
    return { ...course, found: [...course.found, { ...found, step }] };
  }, now);
}

/** Whether the rate is known to be wrong: then whatever else is wrong may come of that. */
const isRateWrong = ({ found }: Course): boolean =>
  found.some(({ code }) => code === 'DIVERGED' || code === 'RATE_TOO_HIGH' || code === 'RATE_TOO_LOW');

/** The loss of a guess that gives every label the same chance, in nats, as evaluations count it. */
function chanceOf({ tasks, labels }: EventFields['started']): number {
  const all = tasks ?? [{ labels, multiLabel: false }];
  return all.reduce((sum, task) => sum + Math.log(task.multiLabel ? 2 : Math.max(2, task.labels.length)), 0);
}

/** The training loss of the first steps; undefined where the course does not begin with them. */
const untrained = ({ first }: Course): number | undefined =>
  first.length === thresholds.fewSteps ? meanOf(first) : undefined;

/** Two digits are enough for a rate that is tried next. */
const rate = (value: number): { key: string; value: number } => ({
  key: 'learningRate',
  value: Math.min(10, Number(value.toPrecision(2))),
});

/**
 * The validation loss has risen for several validations while the training loss went on falling, and no checkpoint was
 * better since. A mean over n images is uncertain by about 1/√n nats; half of that must be exceeded, thrice in a row.
 */
const overfitting: Rule = (course, { images }) => {
  const { windows, best } = course;
  if (isRateWrong(course)) return undefined;
  const { inARow, overfitting: limits } = thresholds;
  const last = windows.slice(-inARow);
  const before = windows.slice(0, -inARow);
  if (before.length === 0) return undefined;
  const lowest = before.reduce((least, each) => (each.loss < least.loss ? each : least));
  const rise = Math.max(limits.rise * lowest.loss, limits.nats / Math.sqrt(images.validation));
  const hasRisen = last.every(({ loss }) => loss > lowest.loss + rise);
  const now = last.at(-1)!;
  const goesOn = now.train < limits.trainFall * lowest.train && now.train < limits.gap * now.loss;
  const reached = Math.max(...before.map(({ accuracy }) => accuracy));
  const isBetter = last.some(({ accuracy }) => accuracy > reached);
  if (!hasRisen || !goesOn || isBetter) return undefined;
  return { code: 'OVERFITTING', values: [lowest.step, best], fix: { key: 'earlyStoppingPatience', value: inARow } };
};

/** The validation loss was still falling at the end, by more than noise, and the training loss is not low either. */
const underfitting: Rule = (course, started) => {
  const { windows } = course;
  const { inARow, leastSteps, underfitting: limits } = thresholds;
  if (windows.length < inARow || started.steps < leastSteps || isRateWrong(course)) return undefined;
  const now = windows.at(-1)!;
  const earlier = windows[Math.min(windows.length - 2, Math.floor((2 * windows.length) / 3) - 1)]!;
  const fall = earlier.loss - now.loss;
  const noise = thresholds.overfitting.nats / Math.sqrt(started.images.validation);
  const isLowest = windows.every(({ loss }) => loss >= now.loss);
  if (!isLowest || !(fall > Math.max(limits.fall * earlier.loss, noise))) return undefined;
  if (!(now.train > limits.trainShare * (untrained(course) ?? chanceOf(started)))) return undefined;
  return {
    code: 'UNDERFITTING',
    values: [fall / earlier.loss, earlier.step],
    fix: { key: 'epochs', value: 2 * started.epochs },
  };
};

/** A loss that is not finite ends the run. In the very first step no rate is to blame that was reported. */
const broken: Rule = ({ learningRate }) =>
  learningRate > 0 ? { code: 'DIVERGED', values: [learningRate], fix: rate(learningRate / 10) } : undefined;

/** The training loss of all steps since the last validation is far above that of the untrained model. */
const diverged: Rule = (course) => {
  const now = course.windows.at(-1)!;
  const first = untrained(course);
  if (first === undefined || now.steps < thresholds.fewSteps) return undefined;
  return now.train <= thresholds.diverged * first ? undefined : broken(course, course.started!);
};

/** The training loss shot up beyond that of the untrained model and has come back no further than to it. */
const rateTooHigh: Rule = (course) => {
  const { windows, learningRate } = course;
  const { tooHigh, fewSteps } = thresholds;
  const first = untrained(course);
  const now = windows.at(-1)!;
  if (first === undefined || now.steps < fewSteps || isRateWrong(course)) return undefined;
  const peak = Math.max(...windows.map((each) => each.peak));
  if (peak < tooHigh.peak * first || now.train < tooHigh.stuck * first) return undefined;
  return { code: 'RATE_TOO_HIGH', values: [learningRate], fix: rate(learningRate / 10) };
};

/** After half of the steps the validation loss is still about that of a guess, and no step was ever too large. */
const rateTooLow: Rule = (course, started) => {
  const { windows, learningRate } = course;
  const { tooLow, leastSteps } = thresholds;
  const first = untrained(course);
  const now = windows.at(-1)!;
  if (first === undefined || started.steps < leastSteps || now.step < started.steps / 2) return undefined;
  const isCalm = windows.every(({ peak }) => peak <= tooLow.calm * first);
  // What had learnt the labels before is not at the level of a guess.
  const isStuck = now.loss > tooLow.fall * chanceOf(started) && now.train > tooLow.fall * first;
  if (!isCalm || !isStuck) return undefined;
  return { code: 'RATE_TOO_LOW', values: [learningRate], fix: rate(10 * learningRate) };
};

/**
 * In the second half of the run no image of a label was predicted as it, twice in a row, although it has so many that
 * even the upper end of its interval is below the lower end of the whole accuracy's.
 */
const classesIgnored: Rule = (course, { steps }) => {
  const [before, now] = course.windows.slice(-2);
  if (!now || now.step < steps / 2 || isRateWrong(course)) return undefined;
  const labels = now.missed.filter((label) => before!.missed.includes(label));
  if (labels.length === 0) return undefined;
  return { code: 'CLASSES_IGNORED', values: [], labels, fix: { key: 'classWeights', value: 'balanced' } };
};

function missedIn(event: EventFields['evaluation'], { tasks, labels }: EventFields['started']): string[] {
  const all = tasks ?? [{ name: '', labels, multiLabel: false }];
  return all.flatMap((task, t) => {
    const { confusion } = event.tasks?.[t] ?? event;
    const images = confusion.flat().reduce((sum, count) => sum + count, 0);
    const right = confusion.reduce((sum, row, truth) => sum + row[truth]!, 0);
    const [low] = wilson(right, images);
    return confusion.flatMap((row, truth) => {
      const support = row.reduce((sum, count) => sum + count, 0);
      if (support === 0 || row[truth]! > 0 || wilson(0, support)[1] >= low) return [];
      const label = task.labels[truth] ?? String(truth);
      return [all.length > 1 ? `${task.name}: ${label}` : label];
    });
  });
}

/** So few validation images that even an accuracy of 90 % would be known no better than to 20 points. */
const validationSmall: Rule = (_, { images, splits }) => {
  const { accuracy, width, images: wanted, share: most } = thresholds.validation;
  const [low, high] = wilson(accuracy * images.validation, images.validation);
  if (high - low <= width) return undefined;
  const all = images.train + images.validation;
  const share = Math.min(most, Math.ceil((20 * wanted) / all) / 20);
  const helps = splits === 'seeded' && share * all > images.validation + 1;
  return {
    code: 'VALIDATION_SMALL',
    values: [images.validation, high - low],
    ...(helps ? { fix: { key: 'validationSplit', value: share } } : {}),
  };
};
