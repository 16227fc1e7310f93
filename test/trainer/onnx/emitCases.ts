/**
 * Runs every case of an op on a device and compares with the interpreter. As a program: `emitCases.ts DEVICE` prints
 * the faults of all ops as JSON.
 */
import { fileURLToPath } from 'node:url';
import { Graph } from '../../../src/trainer/ir/graph.js';
import type { OpType } from '../../../src/trainer/ir/op.js';
import { probeHalves } from '../../../src/trainer/engine/probe.js';
import type { DeviceName } from '../../../src/trainer/protocol.js';
import { interpret } from '../ir/interpreter.js';
import { append, opCases, takesHalves, title, type OpCase } from '../ir/opCases.js';
import { difference, runGraph } from './runGraph.js';

export const opTypes = Object.keys(opCases) as OpType[];

/** Queried once. */
let halves: Promise<boolean> | undefined;
const hasHalves = (device: DeviceName): Promise<boolean> =>
  probeHalves(device).then(
    () => true,
    () => false,
  );

/** The cases of the op, by title, that differ from the interpreter by more than 1e-5, with the difference. */
export async function faultsOf(type: OpType, device: DeviceName): Promise<string[]> {
  const graph = new Graph();
  const all: readonly OpCase[] = opCases[type];
  const cases =
    device === 'cpu' || (await (halves ??= hasHalves(device))) ? all : all.filter((each) => !takesHalves(each));
  // One graph for all cases: a session costs more than a run.
  const feeds = Object.assign({}, ...cases.map((opCase, i) => append(graph, opCase, `${i}.`).feeds)) as Record<
    string,
    number[]
  >;
  const expected = interpret(graph, feeds);
  const actual = await runGraph(graph, device, feeds);
  return Object.entries(expected).flatMap(([name, { data }]) => {
    const found = difference(actual[name]!, data, 1e-5);
    return found ? [`${title(cases[parseInt(name)]!)}: ${name} ${found}`] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults: Partial<Record<OpType, string[]>> = {};
  for (const type of opTypes)
    faults[type] = await faultsOf(type, process.argv[2] as DeviceName).catch((error: unknown) => [String(error)]);
  console.log(JSON.stringify(faults));
}
