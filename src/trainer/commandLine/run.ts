/** The command `vitune`: finds the command, runs it, and turns its end into an exit code. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as l10n from '@vscode/l10n';
import { errors, explainMemory, infoOf, UserError } from '../errors/errors.js';
import { processLimits } from '../core/processLimits.js';
import { commandNames, isCommand, type Arguments, type CommandName } from './commands.js';
import { commandHelp, helpText, usageOf } from './help.js';
import type { CommandOutputs, Failure } from '../protocol.js';
import { outputTo, type Output } from './output.js';
import { parseArguments } from './parseArguments.js';

export const exitCodes = { done: 0, bug: 1, failed: 1, input: 2, cancelled: 130 } as const;

/**
 * Runs a command to its end; throws a `UserError` for what the user can mend. Returns whether all of the input was
 * good, if it knows, or that a test failed.
 */
type Command<Name extends CommandName> = (
  args: Arguments<Name>,
  output: Output<CommandOutputs[Name]>,
  signal: AbortSignal,
) => Promise<boolean | 'failed' | void>;

/**
 * Where each command of `commands.ts` is carried out. It is loaded when it is called: one image is classified before
 * the rest of the program would have been read.
 */
const programs: { [Name in CommandName]: () => Promise<Command<Name>> } = {
  train: async () => (await import('./train.js')).train,
  classify: async () => (await import('./classify.js')).classify,
  evaluate: async () => (await import('./evaluate.js')).evaluate,
  explain: async () => (await import('./explain.js')).explain,
  diff: async () => (await import('./diff.js')).diff,
  changes: async () => (await import('./changes.js')).changes,
  calibrate: async () => (await import('./calibrate.js')).calibrate,
  check: async () => (await import('./check.js')).check,
  test: async () => (await import('./test.js')).test,
  inspect: async () => (await import('./inspect.js')).inspect,
  audit: async () => (await import('./audit.js')).audit,
  map: async () => (await import('./map.js')).map,
  group: async () => (await import('./fromNothing.js')).group,
  'label-next': async () => (await import('./fromNothing.js')).labelNext,
  suggest: async () => (await import('./fromNothing.js')).suggest,
  advise: async () => (await import('./advise.js')).advise,
  export: async () => (await import('./export.js')).exportCheckpoint,
  compare: async () => (await import('./compare.js')).compare,
  models: async () => (await import('./models.js')).models,
  download: async () => (await import('./download.js')).download,
  cuda: async () => (await import('./cuda.js')).cuda,
  doctor: async () => (await import('./doctor.js')).doctor,
  cache: async () => (await import('./cache.js')).cache,
  completion: async () => (await import('./completion.js')).completion,
};

/** The version in the package's manifest, above this file. */
async function version(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text) return (JSON.parse(text) as { version: string }).version;
    if (folder === dirname(folder)) throw new Error('no package.json above the program');
  }
}

/** The output of `--help`, `help` and `--version`; undefined for every other call. */
async function informationFor(name: string, rest: readonly string[]): Promise<string | undefined> {
  const isAsked = (...words: string[]): boolean => words.some((word) => rest.includes(word));
  if (isCommand(name)) {
    if (isAsked('--help', '-h')) return commandHelp(name);
    if (isAsked('--version')) return `${await version()}\n`;
  }
  if (name === '--version') return `${await version()}\n`;
  if (['help', '--help', '-h'].includes(name)) return rest[0] && isCommand(rest[0]) ? commandHelp(rest[0]) : helpText();
  return undefined;
}

async function start<Name extends CommandName>(
  name: Name,
  args: string[],
  output: Output<CommandOutputs[Name]>,
  signal: AbortSignal,
): Promise<boolean | 'failed' | void> {
  const parsed = parseArguments(name, args);
  const command: Command<Name> = await programs[name]();
  return command(parsed, output, signal);
}

interface Streams {
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable;
}

/** Runs `vitune ARGS` and returns the exit code: 0 done, 2 wrong input, 1 a failed test or a bug, 130 cancelled. */
export async function runCommandLine(args: string[], { stdout, stderr }: Streams = process): Promise<number> {
  const [name, ...rest] = args;
  const isJson = rest.includes('--json');
  const output = outputTo(stdout, stderr, isJson);
  if (name === undefined) {
    stdout.write(helpText());
    return exitCodes.input;
  }
  const information = await informationFor(name, rest);
  if (information !== undefined) {
    stdout.write(information);
    return exitCodes.done;
  }
  const controller = new AbortController();
  const cancel = (): void => {
    // The first signal requests an orderly end, the second ends at once; saved files stay.
    if (controller.signal.aborted) process.exit(exitCodes.cancelled);
    controller.abort();
  };
  // The reader of the output is gone, e.g. a window that is reloaded: a training continues, other commands end.
  const onDeaf = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    if (name !== 'train') controller.abort();
  };
  stdout.on('error', onDeaf);
  stderr.on('error', onDeaf);
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  try {
    if (!isCommand(name))
      throw errors.usage(
        l10n.t('There is no command {0}.', name),
        commandNames.map((each) => usageOf(each)).join('\n       '),
      );
    for (const { name: limit, option, most, needed } of processLimits())
      if (most < needed) output.problem(errors.memoryLimited(limit, option, most, needed).toInfo());
    const ended = await start(name, rest, output, controller.signal);
    if (controller.signal.aborted) return exitCodes.cancelled;
    if (ended === 'failed') return exitCodes.failed;
    return ended === false ? exitCodes.input : exitCodes.done;
  } catch (cause) {
    // By a signal of the system, or by a window that stopped a training before its first step.
    if ((cause as Error).name === 'AbortError') return exitCodes.cancelled;
    const error = explainMemory(cause);
    const info = infoOf(error);
    if (isJson) output.json({ type: 'error', ...info } satisfies Failure);
    output.problem(
      error instanceof UserError ? info : { ...info, message: `${l10n.t('This is a bug in ViTune.')} ${info.message}` },
    );
    return error instanceof UserError ? exitCodes.input : exitCodes.bug;
  } finally {
    // A second signal while the process is ending still gives 130 and not a death by signal.
    if (!controller.signal.aborted) {
      process.off('SIGINT', cancel);
      process.off('SIGTERM', cancel);
    }
  }
}
