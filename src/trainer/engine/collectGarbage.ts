/** Memory given back now rather than when Node thinks of it. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Node would wait with large arrays that nobody refers to until as much again is taken. */
export async function collectGarbage(): Promise<void> {
  // What was reached by a weak reference in this turn of the event loop counts as referred to until its end.
  await setImmediate();
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
