/** Runs a short command of the trainer to its end and gives the JSON objects it printed. */
import { spawn } from 'node:child_process';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import { JsonLines } from './jsonLines.js';
import type { Launch, Script } from './launch.js';
import { lastLines, TrainerDied } from './trainerDied.js';

export interface JsonCommand {
  script: Script;
  args: string[];
  cwd?: string;
  signal?: AbortSignal;
  onObject?: (object: unknown) => void;
}

/**
 * Throws `ShownError` for what the trainer says is wrong, `TrainerDied` when it says nothing, `AbortError` when
 * cancelled.
 */
export async function runJson(
  launch: Launch,
  { script, args, cwd, signal, onObject }: JsonCommand,
): Promise<unknown[]> {
  signal?.throwIfAborted();
  const child = spawn(launch.executable, [launch.scripts[script], ...args], {
    cwd,
    env: launch.env,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const cancel = () => child.kill();
  signal?.addEventListener('abort', cancel, { once: true });
  const lines = new JsonLines();
  const objects: unknown[] = [];
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    for (const object of lines.push(chunk)) {
      objects.push(object);
      onObject?.(object);
    }
  });
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-20_000)));
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killer) => resolve(code ?? killer));
  }).finally(() => signal?.removeEventListener('abort', cancel));
  signal?.throwIfAborted();
  const error = objects.find(isError);
  if (error) throw new ShownError(error);
  if (ending !== 0) throw new TrainerDied(ending, lastLines(said));
  return objects;
}

/** Whether a printed object is the trainer's error: `{"type":"error","code","message","remedy",…}`. */
export function isError(object: unknown): object is ErrorInfo & { type: 'error' } {
  return (
    typeof object === 'object' &&
    object !== null &&
    'type' in object &&
    object.type === 'error' &&
    'code' in object &&
    'message' in object
  );
}
