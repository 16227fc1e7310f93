/** What every part of a training run works with. */
import type { TrainedAgain } from '../../shared/runFolder.js';
import type { LoadedConfig } from '../config/load.js';
import type { TrainEvent } from '../protocol.js';

export interface TrainOptions {
  loaded: LoadedConfig;
  /** The run folder, which exists and is locked by this process. */
  run: string;
  name: string;
  /** The earlier run, where this one trains again as it did. */
  again?: TrainedAgain | undefined;
  /** Checkpoint folder to go on from. */
  resumeFrom?: string | undefined;
  cacheFolder: string;
  /** A folder for ONNX Runtime's own profiles, where they are wanted. */
  profile?: string | undefined;
  emit: (event: TrainEvent) => void;
  /** Requests a stop after the current step, with a checkpoint. */
  signal: AbortSignal;
}

export interface RunContext extends TrainOptions {
  notice: (info: Omit<TrainEvent & { type: 'notice' }, 'type' | 'file'> & { file?: string | undefined }) => void;
  /** When the run began, in milliseconds since 1970. */
  started: number;
}
