/**
 * The benchmark for a machine with a graphics card: checks that WebGPU (and CUDA, where it loads) trains as the CPU does,
 * and measures speed, memory and loss of frozen layers in fp16 against fp32. Each printed line is JSON. A failed case
 * reports its reason and does not stop the others.
 *
 * Without a model folder it only tries the device; `--help` lists the options.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceReport } from '../../src/trainer/protocol.js';
import { answersOn } from '../../src/trainer/engine/probe.js';
import { threadsFromEnvironment } from '../../src/trainer/engine/threads.js';
import type { DeviceName } from '../../src/trainer/protocol.js';
import { readArguments } from '../arguments.mjs';
import { openSubject, rateOf } from '../subject.js';

const { values, positionals } = readArguments(
  'node gpu.mjs',
  {
    device: 'webgpu',
    methods: ['lora', 'head'],
    batches: ['4', '16', '64'],
    seconds: 10,
    steps: 5,
    /** The case that a separate process measures, as JSON. */
    case: '',
  },
  '[MODEL_FOLDER...]',
);

/** Steps of one model. Reports the losses of the first `steps`; without `seconds` nothing is timed. */
interface Case {
  folder: string;
  device: DeviceName;
  method: string;
  frozenPrecision: 'fp32' | 'fp16';
  batchSize: number;
  steps: number;
  seconds?: number;
}

interface Figures {
  losses: number[];
  imagesPerSecond?: number;
  forwardImagesPerSecond?: number;
  /** The increase in used card memory since before the model was opened, in MB; null without nvidia-smi. */
  cardMemory?: number | null;
}

/** MB in use on all cards. */
function cardMemory(): number | null {
  try {
    const text = execFileSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text
      .trim()
      .split('\n')
      .map(Number)
      .reduce((a, b) => a + b, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function measure({ folder, device, method, frozenPrecision, batchSize, steps, seconds }: Case): Promise<Figures> {
  const before = cardMemory();
  const { trainable, batch } = await openSubject({
    folder,
    device,
    batchSize,
    method: { type: method },
    frozenPrecision,
    threads: threadsFromEnvironment(),
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await trainable.step([batch], step, 1e-3)).loss);
  if (seconds === undefined) return { losses };
  const imagesPerSecond = await rateOf((i) => trainable.step([batch], steps + i, 1e-3), batchSize, seconds);
  const after = cardMemory();
  // Evaluation is always in fp32.
  const forwardImagesPerSecond = await rateOf(() => trainable.logits(batch.images), batchSize, seconds);
  await trainable.dispose();
  return {
    losses,
    imagesPerSecond,
    forwardImagesPerSecond,
    cardMemory: after === null || before === null ? null : after - before,
  };
}

if (values.case) {
  const request = JSON.parse(values.case) as Case | DeviceName;
  if (typeof request === 'string') for await (const report of answersOn(request)) console.log(JSON.stringify(report));
  else console.log(JSON.stringify(await measure(request)));
  process.exit();
}

/** Runs a case in a separate process, so a crash and its memory end with it. The last line is the result. */
function runSeparately<T>(request: Case | DeviceName): T | { reason: string } {
  const program = [...process.execArgv, fileURLToPath(import.meta.url), '--case', JSON.stringify(request)];
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (line.startsWith('{')) return JSON.parse(line) as T;
  return {
    reason: `${
      stderr
        .trim()
        .split('\n')
        .find((each) => /Error/.test(each)) ?? stderr.trim().split('\n').at(-1)
    } (${signal ?? status})`,
  };
}

const device = values.device as DeviceName;
const print = (line: object): void => console.log(JSON.stringify(line));
/** The largest relative difference. */
const apart = (actual: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((loss, i) => Math.abs(loss - actual[i]!) / Math.abs(loss)));

const report = runSeparately<DeviceReport>(device);
print({ probe: report });
const hasFp16 = 'gigaflops' in report && report.noFp16 === undefined;
let passed = 'gigaflops' in report;
for (const folder of passed ? positionals : []) {
  const model = basename(folder);
  for (const method of values.methods) {
    const common = { folder, method, steps: values.steps };
    const first = (on: DeviceName, frozenPrecision: Case['frozenPrecision']) =>
      runSeparately<Figures>({ ...common, device: on, frozenPrecision, batchSize: 4 });
    const check = (
      what: string,
      within: number,
      actual: Figures | { reason: string },
      expected: Figures | { reason: string },
    ): void => {
      const faults = [actual, expected].flatMap((each) => ('reason' in each ? [each.reason] : []));
      const worst = 'losses' in actual && 'losses' in expected ? apart(actual.losses, expected.losses) : undefined;
      const holds = worst !== undefined && worst <= within;
      passed &&= holds;
      print({ check: what, within, model, method, device, passed: holds, worst, faults, actual, expected });
    };
    const fp32 = first(device, 'fp32');
    check('losses in fp32 are those of the CPU', 1e-3, fp32, first('cpu', 'fp32'));
    if (hasFp16) check('losses in fp16 are those in fp32', 2e-2, first(device, 'fp16'), fp32);
    for (const batchSize of values.batches.map(Number)) {
      // Alternating, so that a card that heats up slows both.
      for (const frozenPrecision of hasFp16 ? (['fp32', 'fp16'] as const) : (['fp32'] as const)) {
        print({
          model,
          method,
          device,
          batchSize,
          frozenPrecision,
          ...runSeparately<Figures>({ ...common, device, frozenPrecision, batchSize, seconds: values.seconds }),
        });
      }
    }
  }
}
process.exitCode = passed ? 0 : 1;
