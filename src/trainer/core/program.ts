/** The trainer's own program, for work that needs a process of its own. */
import { fileURLToPath } from 'node:url';

// The bundle puts its files side by side; in the sources they lie in their rooms.
const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../commandLine/main.ts' : './main.mjs', import.meta.url),
);

/** Arguments of `process.execPath` that run the trainer's entry: beside this code in a bundle as in the sources. */
export const entry: readonly string[] = [...process.execArgv, script];

/** Arguments of that entry that make it try a device, answer a `Question`, and try the batches of a `TrialQuestion`. */
export const probeCommand = 'probe';
export const answerCommand = 'answer';
export const trialCommand = 'trial';
