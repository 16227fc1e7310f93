/** The update of all parameters of a step: clipping, then AdamW or Muon, then the moving average. */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';
import { adamw, type AdamWOptions, type StepScalars } from './adamw.js';
import { clipByGlobalNorm } from './clip.js';
import { ema } from './ema.js';
import { muon } from './muon.js';
import { names } from './stateNames.js';

export interface OptimizerSpec extends AdamWOptions {
  /** Momentum of Muon, which then takes the body's matrices; AdamW takes all without it. */
  muon?: number | undefined;
  /** 0 clips nothing. */
  maxGradNorm: number;
  /** Keep a moving average of the weights; the decay may change with the step (`emaDecayAt`). */
  ema?: { decay: number } | undefined;
}

/** How one parameter is updated. */
export interface UpdateRule {
  /** Whether weight decay applies. */
  decays: boolean;
  /** Whether it is a matrix of the body, which Muon takes. */
  isBodyMatrix: boolean;
  /** What the learning rate is multiplied by. */
  learningRateScale: number;
}

/** Parameters of more numbers than this are updated as fast alone as joined, and need not be copied. */
const fewNumbers = 65_536;

/**
 * The update of every parameter from its gradient, with outputs `gradientNorm` and `next:…`; inputs are made for
 * moments, averages and scalars.
 */
export function buildUpdate(
  b: Builder,
  parameters: ReadonlyMap<string, Value>,
  grads: readonly Value[],
  optimizer: OptimizerSpec,
  ruleOf: (name: string, shape: Shape) => UpdateRule,
): void {
  const rules = new Map([...parameters].map(([name, { shape }]) => [name, ruleOf(name, shape)]));
  const scalars: StepScalars = {
    learningRate: b.input('learningRate', []),
    correction1: b.input('correction1', []),
    correction2: b.input('correction2', []),
  };
  const oneMinusDecay = optimizer.ema && b.input('oneMinusDecay', []);
  // Tokens, positions, norms, biases and heads stay with AdamW, as Muon's authors advise.
  const momentumOf = (name: string): number | undefined => (rules.get(name)!.isBodyMatrix ? optimizer.muon : undefined);

  // Small parameters with the same rule are joined along their first axis: a hundred small ops cost more than
  // their numbers.
  const groups = new Map<string, string[]>();
  for (const [name, { shape }] of parameters) {
    const isAlone = momentumOf(name) !== undefined || sizeOf(shape) > fewNumbers;
    const { decays, learningRateScale } = rules.get(name)!;
    const key = isAlone ? name : JSON.stringify([decays, learningRateScale, shape.slice(1)]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const all = [...groups.values()];
  const gradOf = new Map([...parameters.keys()].map((name, i) => [name, grads[i]!]));
  const joined = (members: readonly string[], of: (name: string) => Value): Value =>
    members.length > 1 ? b.concat(0, ...members.map(of)) : of(members[0]!);
  const state = (members: readonly string[], nameOf: (parameter: string) => string): Value =>
    joined(members, (name) => b.input(nameOf(name), parameters.get(name)!.shape));

  const clipped = clipByGlobalNorm(
    b,
    all.map((members) => joined(members, (name) => gradOf.get(name)!)),
    optimizer.maxGradNorm,
  );
  b.output('gradientNorm', clipped.norm);
  all.forEach((members, i) => {
    const [first] = members as [string];
    const parameter = joined(members, (name) => parameters.get(name)!);
    const [m, v] = [state(members, names.moment1), state(members, names.moment2)];
    const { decays, learningRateScale } = rules.get(first)!;
    const options = decays ? optimizer : { ...optimizer, weightDecay: 0 };
    const learningRate = b.scale(scalars.learningRate, learningRateScale);
    const momentum = momentumOf(first);
    const next =
      momentum === undefined
        ? adamw(b, { parameter, m, v }, clipped.grads[i]!, { ...scalars, learningRate }, options)
        : { ...muon(b, { parameter, m }, clipped.grads[i]!, learningRate, { ...options, momentum }), v };
    const average = oneMinusDecay && ema(b, state(members, names.average), next.parameter, oneMinusDecay);
    let end = 0;
    for (const name of members) {
      const start = end;
      end += parameters.get(name)!.shape[0] ?? 0;
      const give = (nameOf: (parameter: string) => string, value: Value): void =>
        b.output(names.next(nameOf(name)), members.length > 1 ? b.slice(value, 0, start, end) : value);
      give((parameterName) => parameterName, next.parameter);
      give(names.moment1, next.m);
      give(names.moment2, next.v);
      if (average) give(names.average, average);
    }
  });
}
