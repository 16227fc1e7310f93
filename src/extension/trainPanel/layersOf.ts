/** The layers of a model that a method can adapt, as the trainer finds them. */
import type { Launch } from '../trainer/launch.js';
import { outputsOf, runCommand } from '../trainer/runCommand.js';

/** `model` is a folder or `embedded`. Throws `ShownError` for what is not a model. */
export async function layersOf(launch: Launch, model: string): Promise<string[]> {
  const [inspection] = outputsOf(await runCommand(launch, 'inspect', { args: [model] }), 'model');
  return inspection?.layers ?? [];
}
