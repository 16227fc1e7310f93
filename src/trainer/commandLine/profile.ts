/** The profile of a training run: how long each stage took, and each kind of kernel in each part of the graphs. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { insidePrefix } from '../onnx/onnxFile.js';
import { writeFileAtomically } from '../checkpoint/store.js';
import type { ProfileReport } from '../protocol.js';
import { parallelStages, spans, stages, publishSpan, type Span } from '../core/stages.js';

/** An event of a Chrome trace (chrome://tracing, Perfetto); times in microseconds. */
interface TraceEvent {
  name: string;
  cat: string;
  ph: 'X';
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  args?: object;
}

/** What is read of the traces that ONNX Runtime writes. */
const kernelSchema = z.object({
  cat: z.literal('Node'),
  name: z.string(),
  ts: z.number(),
  dur: z.number(),
  args: z.object({ op_name: z.string() }),
});

/** Rows of the trace. */
const rows = { main: 1, kernels: 2, besides: 3 } as const;

interface Kernel {
  graph: string;
  pass: string;
  part: string;
  op: string;
  ts: number;
  dur: number;
}

/** Graphs by their first outputs. */
const graphNames: Record<string, string> = {
  loss: 'step',
  next_g: 'step',
  gradientNorm: 'update',
  logits: 'forward',
  features: 'prefix',
};

/** Operators whose time is that of the nodes within them. */
const around: ReadonlySet<string> = new Set(['Scan', 'Loop', 'If']);

/**
 * Where a kernel belongs. ONNX Runtime names some that it made of others after what they make, and others, e.g. between
 * two orders of memory, as it likes.
 */
function regionOf(name: string): { pass: string; part: string } {
  const [, pass, part] = /^(\w+)\|([^|]*)\|/.exec(name) ?? [];
  if (pass !== undefined) return { pass, part: part! };
  return name.startsWith(insidePrefix) ? { pass: 'forward', part: 'backbone' } : { pass: 'fused', part: '?' };
}

/** Sums by key, greatest first. */
function totals<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  valueOf: (item: T) => number,
): [string, { sum: number; count: number }][] {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const item of items) {
    const known = sums.get(keyOf(item)) ?? { sum: 0, count: 0 };
    sums.set(keyOf(item), { sum: known.sum + valueOf(item), count: known.count + 1 });
  }
  return [...sums].sort(([, a], [, b]) => b.sum - a.sum);
}

/** What of each span is not of another within it, in milliseconds. */
function ownTimes(all: readonly Span[]): { stage: string; own: number }[] {
  const open: { end: number; entry: { stage: string; own: number } }[] = [];
  const sorted = all
    .filter(({ stage }) => !parallelStages.has(stage))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  return [
    ...sorted.map(({ stage, start, end }) => {
      while (open.length && open.at(-1)!.end < end) open.pop();
      const entry = { stage, own: end - start };
      const around = open.at(-1);
      if (around) around.entry.own -= end - start;
      open.push({ end, entry });
      return entry;
    }),
    ...all
      .filter(({ stage }) => parallelStages.has(stage))
      .map(({ stage, start, end }) => ({ stage, own: end - start })),
  ];
}

export class Profile {
  readonly #spans: Span[] = [];
  readonly #listen = (message: unknown): void => void this.#spans.push(message as Span);

  /** Measures from now on; what the process did before is its start. `folder` is where ONNX Runtime writes. */
  private constructor(readonly folder: string) {
    spans.subscribe(this.#listen);
    publishSpan('start', 0);
  }

  static async begin(folder: string): Promise<Profile> {
    await mkdir(folder, { recursive: true });
    return new Profile(folder);
  }

  /**
   * Ends the measuring, writes `profile.json` into the run's folder, and sums up; undefined where the run has not
   * begun.
   */
  async finish(run: string | undefined): Promise<ProfileReport | undefined> {
    spans.unsubscribe(this.#listen);
    const kernels = await this.#kernels();
    await rm(this.folder, { recursive: true, force: true });
    if (run === undefined) return undefined;
    const pid = process.pid;
    const events: TraceEvent[] = [
      ...this.#spans.map(({ stage, start, end }): TraceEvent => {
        return {
          name: stage,
          cat: 'stage',
          ph: 'X',
          ts: 1000 * start,
          dur: 1000 * (end - start),
          pid,
          tid: parallelStages.has(stage) ? rows.besides : rows.main,
        };
      }),
      ...kernels.map(({ graph, pass, part, op, ts, dur }): TraceEvent => {
        return { name: op, cat: 'kernel', ph: 'X', ts, dur, pid, tid: rows.kernels, args: { graph, pass, part } };
      }),
    ];
    const file = join(run, 'profile.json');
    await writeFileAtomically(file, JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' }));
    const times = new Map(
      totals(
        ownTimes(this.#spans),
        ({ stage }) => stage,
        ({ own }) => own,
      ),
    );
    const sumUp = (keyOf: (kernel: Kernel) => string) =>
      totals(kernels, keyOf, ({ dur }) => dur / 1e6).map(([name, { sum, count }]) => ({ name, seconds: sum, count }));
    return {
      type: 'profile',
      file,
      stages: stages.flatMap((stage) => {
        const time = times.get(stage);
        return time ? [{ name: stage, seconds: time.sum / 1000, count: time.count }] : [];
      }),
      passes: sumUp(({ graph, pass }) => `${graph}: ${pass}`),
      parts: sumUp(({ part }) => part),
      ops: sumUp(({ op }) => op),
    };
  }

  async #kernels(): Promise<Kernel[]> {
    const kernels: Kernel[] = [];
    for (const name of await readdir(this.folder)) {
      const [, output = '', begun] = /^(\w+?)_?-(\d+)_/.exec(name) ?? [];
      if (begun === undefined) continue;
      const graph =
        graphNames[output] ??
        graphNames[Object.keys(graphNames).find((known) => output.startsWith(known)) ?? ''] ??
        output;
      const text = await readFile(join(this.folder, name), 'utf8');
      // ONNX Runtime leaves an empty file for a graph that it did not take.
      for (const event of JSON.parse(text || '[]') as unknown[]) {
        const kernel = kernelSchema.safeParse(event).data;
        if (!kernel?.name.endsWith('_kernel_time') || around.has(kernel.args.op_name)) continue;
        kernels.push({
          graph,
          ...regionOf(kernel.name),
          op: kernel.args.op_name,
          ts: Number(begun) + kernel.ts,
          dur: kernel.dur,
        });
      }
    }
    return kernels;
  }
}
