/** The layers of a model that a method can adapt, as the trainer finds them. */
import type { ModelInspection } from '../../trainer/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';

/** `model` is a folder or `embedded`. Throws `ShownError` for what is not a model. */
export async function layersOf(launch: Launch, model: string): Promise<string[]> {
  const objects = (await runJson(launch, { script: 'cli', args: ['inspect', model, '--json'] })) as ModelInspection[];
  return objects.find(({ type }) => type === 'model')?.layers ?? [];
}
