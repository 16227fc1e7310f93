/** Runs a short command of the trainer to its end and gives what it printed. */
import { spawn } from 'node:child_process';
import { read } from '../../shared/schema.js';
import { errorInfoSchema } from '../../shared/errorInfo.js';
import type { CommandName, CommandOutputs, Failure } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import { JsonLines, type Printed } from './jsonLines.js';
import type { Launch, Script } from './launch.js';
import { lastLines, TrainerDied } from './trainerDied.js';

export interface CommandRun<Name extends CommandName> {
  /** What follows the command's name; `--json` is added. */
  args: string[];
  script?: Script;
  cwd?: string;
  /** Its standard input. */
  input?: string;
  signal?: AbortSignal | undefined;
  /** An exit code other than 0 that is an answer too. */
  answersWith?: number;
  /** Called with each object as soon as it is printed. */
  onOutput?: (output: CommandOutputs[Name]) => void;
}

/**
 * Throws `ShownError` for what the trainer says is wrong, `TrainerDied` when it says nothing, `AbortError` when
 * cancelled.
 */
export async function runCommand<Name extends CommandName>(
  launch: Launch,
  command: Name,
  { args, script = 'cli', cwd, input, signal, answersWith = 0, onOutput }: CommandRun<Name>,
): Promise<CommandOutputs[Name][]> {
  signal?.throwIfAborted();
  launch.requireAllowed();
  const child = spawn(launch.executable, [launch.scripts[script], command, ...args, '--json'], {
    cwd,
    env: launch.env,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A process that ends before it has read all says why by itself.
  child.stdin.on('error', () => undefined).end(input);
  const cancel = () => child.kill();
  signal?.addEventListener('abort', cancel, { once: true });
  const lines = new JsonLines();
  const outputs: CommandOutputs[Name][] = [];
  let failure: Failure | undefined;
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    for (const object of lines.push(chunk)) {
      failure ??= failureOf(object);
      // The trainer is of the same package: the compiler has checked there what each command prints.
      const output = object as unknown as CommandOutputs[Name];
      outputs.push(output);
      onOutput?.(output);
    }
  });
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-20_000)));
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killer) => resolve(code ?? killer));
  }).finally(() => signal?.removeEventListener('abort', cancel));
  signal?.throwIfAborted();
  if (failure) throw new ShownError(failure);
  if (ending !== 0 && ending !== answersWith) throw new TrainerDied(ending, lastLines(said));
  return outputs;
}

/** The first output of a type. Throws when the command printed none, which it does only if it has a bug. */
export function outputOf<Output extends { type: string }, Type extends Output['type']>(
  outputs: readonly Output[],
  type: Type,
): Extract<Output, { type: Type }> {
  const [found] = outputsOf(outputs, type);
  if (!found) throw new Error(`The trainer printed no ${type}`);
  return found;
}

/** All outputs of a type. */
export function outputsOf<Output extends { type: string }, Type extends Output['type']>(
  outputs: readonly Output[],
  type: Type,
): Extract<Output, { type: Type }>[] {
  return outputs.filter((output): output is Extract<Output, { type: Type }> => output.type === type);
}

/** The error that a trainer printed: `{"type":"error","code","message","remedy",…}`; undefined for another object. */
export function failureOf(object: Printed): Failure | undefined {
  return object.type === 'error' && read(errorInfoSchema, object).defect === undefined
    ? (object as unknown as Failure)
    : undefined;
}
