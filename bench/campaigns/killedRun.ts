/** A small training that is killed and resumed, and compared with one that never was. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { builtProgram } from './program.js';
import { root } from '../../scripts/ensure-installed.mjs';

/** Everything random at once: order, crops, flips, dropout masks, adapters and head; a checkpoint every other step. */
const common = { seed: 7, batchSize: 2, epochs: 2, evalSteps: 4, saveSteps: 2, saveTotalLimit: 2, device: 'cpu' };

export const methods = {
  head: { ...common, method: { type: 'head', dropout: 0.2 }, augmentation: { views: 2 } },
  partial: { ...common, dropout: 0.1, method: { type: 'partial', blocks: 1 } },
  lora: { ...common, dropout: 0.1, method: { type: 'lora', rank: 4, dropout: 0.2 } },
  qlora: { ...common, method: { type: 'qlora', rank: 2 } },
  full: { ...common, dropout: 0.1, method: 'full', learningRate: 1e-4 },
};
export type MethodName = keyof typeof methods;

/** Two classes of noise with a tint. */
export async function writeImages(folder: string): Promise<void> {
  for (const [label, tint] of [
    ['ant', 40],
    ['bee', 90],
  ] as const) {
    mkdirSync(join(folder, 'photos', label), { recursive: true });
    for (let i = 0; i < 9; i++) {
      const pixels = Buffer.from(Array.from({ length: 20 * 16 * 3 }, (_, at) => (tint + at * (37 + i)) % 251));
      const image = sharp(pixels, { raw: { width: 20, height: 16, channels: 3 } }).png();
      writeFileSync(join(folder, 'photos', label, `${i}.png`), await image.toBuffer());
    }
  }
}

export function writeConfig(folder: string, method: MethodName): string {
  const path = join(folder, `${method}.vitune.json`);
  const model = join(root, 'test', 'golden', 'models', 'vit');
  writeFileSync(path, JSON.stringify({ model, dataset: 'photos', learningRate: 1e-3, ...methods[method] }));
  return path;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  lines: number;
  text: string;
}

/** `vitune train CONFIG` to its end; `under` is put before Node; `onLine` gets each event's number and the process. */
export function train(
  config: string,
  run: string,
  o: { cache: string; under?: string[]; env?: NodeJS.ProcessEnv; onLine?: (line: number, child: ChildProcess) => void },
): Promise<Ended> {
  const resume = existsSync(join(run, 'run.json')) ? ['--resume'] : [];
  const args = ['train', config, '--set', `output=${run}`, '--json', ...resume];
  const [executable, ...rest] = [...(o.under ?? []), process.execPath, builtProgram(), ...args] as [
    string,
    ...string[],
  ];
  const env = { ...process.env, VITUNE_THREADS: '1', VITUNE_CACHE: o.cache, ...o.env };
  const child = spawn(executable, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [lines, text] = [0, ''];
  createInterface({ input: child.stdout }).on('line', (line) => {
    text = `${text.slice(-4000)}${line}\n`;
    o.onLine?.(++lines, child);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text = text.slice(-4000) + chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, lines, text }));
  });
}

/** SHA-256 of the pointers and of each file of each checkpoint: weights, optimizer, state. */
export function stateOf(run: string): Map<string, string> {
  const hash = (path: string): string =>
    createHash('sha256')
      .update(readFileSync(join(run, path)))
      .digest('hex');
  const folder = join(run, 'checkpoints');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(run.length + 1));
  return new Map([...files, 'last', 'best'].sort().map((path) => [path, hash(path)]));
}

/** The paths that differ between two runs. */
export function differences(expected: Map<string, string>, actual: Map<string, string>): string[] {
  return [...new Set([...expected.keys(), ...actual.keys()])].filter((path) => expected.get(path) !== actual.get(path));
}
