/** A training run from its config to its last event: open what the config names, prepare the network, fit it. */
import { fit } from './fit.js';
import { openInputs } from './openInputs.js';
import { prepare } from './prepare.js';
import type { RunContext, TrainOptions } from './runContext.js';

/**
 * Runs the training that a config describes: to its end, to the early stop, or until `signal` requests a stop. Faults
 * are found in the order in which they are cheapest to find.
 */
export async function train(options: TrainOptions): Promise<void> {
  const context: RunContext = {
    ...options,
    notice: ({ code, message, remedy, file, said }) =>
      options.emit({ type: 'notice', code, message, remedy, file, said }),
    started: Date.now(),
  };
  const inputs = await openInputs(context);
  const prepared = await prepare(context, inputs);
  await fit(context, inputs, prepared);
}
