/** The trainer's own program, for work that needs a process of its own. */
import { fileURLToPath } from 'node:url';

// The bundle puts its files side by side; in the sources they lie in their rooms.
const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../commandLine/main.ts' : './main.mjs', import.meta.url),
);

/** Arguments of `process.execPath` that run the trainer: next to this code in a bundle, or from the sources. */
export const trainerProgram: readonly string[] = [...process.execArgv, script];

/**
 * Its hidden commands: try a device, compute the logits of a `LogitsRequest`, try the batches of a `TrialRequest`, take
 * the step of a `CheckRequest` on two devices, estimate what the training of an `EstimateRequest` takes.
 */
export const probeCommand = 'probe';
export const logitsCommand = 'answer';
export const trialCommand = 'trial';
export const crossCheckCommand = 'crossCheck';
export const estimateCommand = 'estimate';
