/**
 * The check of a graphics card before a training relies on it: one step and one answer of the very model, held against
 * those of the CPU. A driver that computes wrongly raises no error.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../checkpoint/store.js';
import type { ModelSpec } from '../compile/compile.js';
import { linesApart } from '../core/linesApart.js';
import { crossCheckCommand } from '../core/program.js';
import { Random } from '../core/random.js';
import { basisOf, createEngine, runtimeVersion } from '../engine/createEngine.js';
import { Trainable } from '../engine/trainable.js';
import type { DeviceName } from '../protocol.js';
import { endFirst, openTrial, type TrialRequest } from './trial.js';

export type CheckRequest = Pick<TrialRequest, 'config' | 'revision' | 'device' | 'frozenPrecision' | 'tasks'>;

/** Images of the step. Two show whether images are mixed up. */
const images = 2;
const learningRate = 1e-3;

/** Greatest relative difference that passes for rounding; sums in another order make about 1e-5. */
export const boundOf = (precision: ModelSpec['frozenPrecision']): number => (precision === 'fp16' ? 0.05 : 0.01);

/** What a device gave: logits, the loss and the gradient's norm of a step, logits after it. */
type Answers = Record<'before' | 'loss' | 'gradientNorm' | 'after', Float32Array>;

/** ‖a − b‖ / ‖b‖; infinite where a number is none, or where only `b` is zero. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  const difference = squares(a.map((value, i) => value - b[i]!));
  if (a.length !== b.length || !Number.isFinite(difference)) return Infinity;
  return difference === 0 ? 0 : Math.sqrt(difference / squares(b));
}

/** One step and its answers in this process; images, dropout and initial values are the same on each device. */
async function answersOf(device: DeviceName, trial: Awaited<ReturnType<typeof openTrial>>): Promise<Answers> {
  const { config, model, optimizer, values } = trial;
  const { seed } = config;
  const trainable = await Trainable.create(createEngine(device), {
    model,
    optimizer,
    batchSize: images,
    evalBatchSize: images,
    seed,
    accumulates: config.gradientAccumulationSteps > 1,
  });
  try {
    trainable.restore({ parameters: values });
    const random = new Random(seed, 'crossCheck');
    const pixels = Uint8Array.from({ length: images * model.height * model.width * 3 }, () => random.uint32() & 255);
    const part = {
      images: pixels,
      targets: Float32Array.from({ length: images * model.labels }, () => random.uniform() / model.labels),
      weights: new Float32Array(images).fill(1 / images),
    };
    const before = (await trainable.logits(pixels)).slice();
    const { loss, gradientNorm } = await trainable.step([part], 0, learningRate);
    const after = (await trainable.logits(pixels)).slice();
    return { before, loss: Float32Array.of(loss), gradientNorm: Float32Array.of(gradientNorm), after };
  } finally {
    await trainable.dispose();
  }
}

const checkSchema = z.object({
  /** The greatest relative difference of the logits before and after the step, the loss and the gradient's norm. */
  difference: z.number(),
  /** Which of them it is. */
  of: z.enum(['before', 'loss', 'gradientNorm', 'after']),
});
export type Check = z.output<typeof checkSchema>;

/** Takes the step on the device and on the CPU, in this process. */
export async function crossCheck(o: CheckRequest): Promise<Check> {
  await endFirst();
  const trial = await openTrial(o);
  const found = await answersOf(o.device, trial);
  // On the CPU ONNX Runtime multiplies in fp32 whatever is asked for.
  const wanted = await answersOf('cpu', { ...trial, model: { ...trial.model, frozenPrecision: 'fp32' } });
  return checkSchema.shape.of.options
    .map((of) => ({ of, difference: Math.min(relativeDifference(found[of], wanted[of]), Number.MAX_VALUE) }))
    .reduce((worst, each) => (each.difference > worst.difference ? each : worst));
}

/** Of a result that may have another driver by now. */
const lifetime = 30 * 24 * 60 * 60 * 1000;
/** A slow card compiles the step for minutes. */
const patience = 600_000;

/** What is known of the system's drivers without asking them. */
async function driverWords(device: DeviceName): Promise<string[]> {
  const nvidia = await readFile('/proc/driver/nvidia/version', 'utf8').catch(() => '');
  const cards = (await readdir('/sys/class/drm').catch(() => [])).filter((name) => /^card\d+$/.test(name));
  const ids = await Promise.all(
    cards.map((card) => readFile(`/sys/class/drm/${card}/device/uevent`, 'utf8').catch(() => '')),
  );
  return [
    basisOf(device) ?? runtimeVersion,
    process.platform,
    release(),
    nvidia,
    process.env.VK_ICD_FILENAMES ?? '',
    ...ids,
  ];
}

export interface CheckOptions {
  signal: AbortSignal;
  /** The folder that results are kept in. */
  kept: string;
  /** Whatever else the result depends on: the weights, the method, the optimiser. */
  of: object;
}

/**
 * Checks in a process of its own, once for each model and driver. Undefined where that process ended without a result.
 */
export async function crossCheckApart(
  request: CheckRequest,
  { signal, kept, of }: CheckOptions,
): Promise<Check | undefined> {
  const { device, frozenPrecision, tasks } = request;
  const shapes = tasks.map(({ labels, multiLabel }) => [labels.length, multiLabel]);
  const what = [device, frozenPrecision, shapes, of, await driverWords(device)];
  const file = join(kept, `${createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 32)}.json`);
  const known = await readKept(file);
  if (known) return known;
  const [check] = await linesApart<Check>(crossCheckCommand, request, { signal, patience });
  if (!check) return undefined;
  // What the file system refuses is not worth an error: the next run checks again.
  await mkdir(kept, { recursive: true })
    .then(() => writeFileAtomically(file, `${JSON.stringify({ at: Date.now(), ...check })}\n`))
    .catch(() => undefined);
  return check;
}

/** A file that is damaged or too old is as good as none. */
async function readKept(file: string): Promise<Check | undefined> {
  try {
    const { at, ...check } = checkSchema.extend({ at: z.number() }).parse(JSON.parse(await readFile(file, 'utf8')));
    return Math.abs(Date.now() - at) < lifetime ? check : undefined;
  } catch {
    return undefined;
  }
}
