/** A training run from a config file to its end: folder, lock, log and socket around the loop. */
import { resolve } from 'node:path';
import type { AgainFrom } from '../../shared/runFolder.js';
import { loadConfig } from '../config/load.js';
import type { TrainConfig } from '../config/schema.js';
import { errors, explainMemory, infoOf, UserError } from '../errors/errors.js';
import type { RecordedEvent, TrainEvent } from '../protocol.js';
import { ActiveRun } from '../runs/activeRun.js';
import { readChoice, smaller, writeChoice } from './batchChoice.js';
import { readEvents } from '../runs/eventLog.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import { lastCheckpoint } from '../runs/runFolder.js';
import { train } from './train.js';

export interface RunTrainingOptions {
  /** The config file, or with `again` the folder of the earlier run. */
  config: string;
  again?: AgainFrom | undefined;
  /** `KEY=VALUE` each. */
  overrides: string[];
  resume: boolean;
  /** A folder for ONNX Runtime's own profiles, where they are wanted. */
  profile?: string | undefined;
  signal: AbortSignal;
  onEvent: (event: RecordedEvent) => void;
  /** Hears what is in the log of a run that is resumed. */
  onPast?: (events: readonly RecordedEvent[]) => void;
}

/**
 * Runs or resumes. A run that fails before it has begun leaves nothing behind; later, its failure is the last event of
 * its log and what is saved stays. Throws what went wrong in either case.
 */
export async function runTraining({
  config,
  again,
  overrides,
  resume,
  profile,
  signal,
  onEvent,
  onPast,
}: RunTrainingOptions): Promise<void> {
  const run = await openRun({ config, again, overrides, resume });
  let hasStarted = resume;
  const emit = (event: TrainEvent): void => {
    if (event.type === 'started') hasStarted = true;
    onEvent(run.emit(event));
  };
  const { loaded } = run;
  const options = {
    loaded,
    run: run.path,
    name: run.name,
    again: run.again,
    cacheFolder: cacheFolder(),
    profile,
    emit,
    signal: AbortSignal.any([signal, run.stopRequest]),
  };
  try {
    if (resume) onPast?.(await readEvents(run.path));
    for (let resumeFrom = run.resumeFrom; ; resumeFrom = await lastCheckpoint(run.path)) {
      try {
        await train({ ...options, resumeFrom });
        break;
      } catch (error) {
        await saveMemory(run.path, loaded.config, explainMemory(error), emit);
      }
    }
  } catch (error) {
    if (hasStarted) reportFailure(error, emit);
    else await run.discard();
    throw error;
  } finally {
    if (!run.isClosed) await run.close();
  }
}

async function openRun({
  config,
  again,
  overrides,
  resume,
}: Pick<RunTrainingOptions, 'config' | 'again' | 'overrides' | 'resume'>): Promise<ActiveRun> {
  if (again !== undefined) return ActiveRun.again({ run: resolve(config), from: again }, overrides);
  const given = await loadConfig(config, overrides);
  return resume ? ActiveRun.resume(given) : ActiveRun.create(given);
}

/**
 * Notes smaller batches for the run where it was memory that ran out, and they can be smaller; throws `cause` again
 * otherwise.
 */
async function saveMemory(
  run: string,
  config: TrainConfig,
  cause: unknown,
  emit: (event: TrainEvent) => void,
): Promise<void> {
  const taken =
    cause instanceof UserError && cause.code === 'OUT_OF_MEMORY' ? await readChoice(run, config) : undefined;
  const next = taken && smaller(taken);
  if (!next) throw cause;
  await writeChoice(run, config, next);
  emit({ type: 'notice', ...errors.batchesShrunk(taken.batchSize, next).toInfo() });
}

/**
 * Logs why a run ended. A cancelled one (before its first new step, or it would have been stopped with a checkpoint)
 * did not fail.
 */
function reportFailure(cause: unknown, emit: (event: TrainEvent) => void): void {
  if (cause instanceof Error && cause.name === 'AbortError') return;
  try {
    emit({ type: 'error', ...infoOf(cause) });
  } catch (unsaved) {
    // The log is on the full disk; the caller still gets the error.
    if (!(unsaved instanceof UserError)) throw unsaved;
  }
}
