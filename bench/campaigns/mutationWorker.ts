/** Reads damaged inputs from `first` on, and reports to its parent: a tick at least every second, and each fault. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/trainer/errors/userError.js';
import { mutated } from './mutate.js';
import { Choice } from './random.js';
import { readersOf, type Reader } from './readers.js';

export type Report =
  | { type: 'tick'; next: number; counts: Record<string, { read: number; refused: number }> }
  | { type: 'fault'; index: number; reader: string; stack: string };

const [whole, folder, seedText, firstText, countText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const [seed, first, count] = [seedText, firstText, countText].map(Number) as [number, number, number];
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const readers = readersOf(whole, folder);
const wheel: Reader[] = readers.flatMap((reader) => Array<Reader>(reader.share).fill(reader));
let counts: Record<string, { read: number; refused: number }> = {};
let last = Date.now();
const send = (report: Report): void => void process.send!(report);

for (let i = first; i < count; i++) {
  const choice = new Choice(seed, `mutation ${i}`);
  const reader = choice.of(wheel);
  const bytes = mutated(choice.of(reader.seeds), reader.kind, choice);
  writeFileSync(reader.file, bytes);
  const own = (counts[reader.name] ??= { read: 0, refused: 0 });
  try {
    await reader.read();
    own.read++;
  } catch (error) {
    if (error instanceof UserError) own.refused++;
    else {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      writeFileSync(join(folder, '..', `fault-${i}`), bytes);
      send({ type: 'fault', index: i, reader: reader.name, stack });
    }
  }
  // The others are read whole.
  if (reader.file === join(folder, 'run', 'lock.json')) rmSync(reader.file, { force: true });
  else writeFileSync(reader.file, reader.seeds[0]!);
  if (Date.now() - last > 500 || i === count - 1) {
    send({ type: 'tick', next: i + 1, counts });
    counts = {};
    last = Date.now();
  }
}
process.disconnect();
