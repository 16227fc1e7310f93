/**
 * Bounds the memory that decoding takes in all threads of a process together. A thread notes in a slot of its own what
 * it uses, so that what a dead thread has noted can be taken back.
 */
import { setTimeout as wait } from 'node:timers/promises';

/** Bytes that all images being decoded at one time may take: their files, what the decoder keeps, and the result. */
export const decodeMemoryLimit = 320 * 2 ** 20;

const slotCount = 256;
const unit = 1024;

/** In units, by slot; the first is the main thread's. */
let used = new Int32Array(new SharedArrayBuffer(4 * slotCount));
let own = 0;

/** What a worker thread is started with. */
export interface DecodeSlot {
  memory: SharedArrayBuffer;
  slot: number;
}

const lent = new Set([0]);

/** A slot for a thread about to be started. */
export function lendDecodeSlot(): DecodeSlot {
  let slot = 1;
  while (lent.has(slot)) slot++;
  if (slot >= slotCount) throw new Error('There are too many decoding threads.');
  lent.add(slot);
  return { memory: used.buffer, slot };
}

/** Takes the slot of a thread that has ended back, with all that it used. */
export function takeBackDecodeSlot({ slot }: DecodeSlot): void {
  Atomics.store(used, slot, 0);
  lent.delete(slot);
}

/** Called by a thread that was started with a slot. */
export function useDecodeSlot({ memory, slot }: DecodeSlot): void {
  used = new Int32Array(memory);
  own = slot;
}

/** Thrown when an image needs more memory than is free: it is decoded again later. */
class NeedsMore extends Error {
  constructor(readonly bytes: number) {
    super('The image needs more memory than is free now.');
  }
}

/** Thrown where an image would take more memory than all may take together. */
export class TooLargeToDecode extends Error {
  constructor(readonly bytes: number) {
    super('The image needs more memory than decoding may take.');
  }
}

const unitsOf = (bytes: number): number => Math.ceil(bytes / unit);

/** Notes the memory and gives true, if so much is free. */
function tryTake(units: number): boolean {
  Atomics.add(used, own, units);
  let sum = 0;
  for (let slot = 0; slot < slotCount; slot++) sum += Atomics.load(used, slot);
  if (sum <= unitsOf(decodeMemoryLimit)) return true;
  Atomics.sub(used, own, units);
  return false;
}

export interface DecodeMemory {
  /** Says how much the image takes in all. Throws where that is too much now, or for ever. */
  require(bytes: number): void;
}

/** Runs a step that holds `bytes` of memory, or more once it knows that it needs them; waits until they are free. */
export async function withDecodeMemory<T>(bytes: number, step: (memory: DecodeMemory) => Promise<T>): Promise<T> {
  for (let needed = bytes; ;) {
    if (needed > decodeMemoryLimit) throw new TooLargeToDecode(needed);
    let held = unitsOf(needed);
    // Others free theirs within the time that they take to decode; two that get in each other's way try at random.
    while (!tryTake(held)) await wait(2 + 8 * Math.random());
    const require = (total: number): void => {
      if (total > decodeMemoryLimit) throw new TooLargeToDecode(total);
      const more = unitsOf(total) - held;
      if (more <= 0) return;
      // To wait while holding some could make two wait for each other.
      if (!tryTake(more)) throw new NeedsMore(total);
      held += more;
    };
    try {
      return await step({ require });
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error;
      needed = error.bytes;
    } finally {
      Atomics.sub(used, own, held);
    }
  }
}
