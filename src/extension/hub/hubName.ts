/** What the editor can tell of downloads without asking the trainer. */
import type { TrainEvent } from '../../trainer/protocol.js';

/** Whether a text looks like `owner/name`, perhaps with `@revision` and `:file.onnx`; the trainer looks closer. */
export const isModelName = (text: string): boolean => /^[\w.-]+\/[\w.-]+(@[^\s@:]+)?(:[^\s:]+\.onnx)?$/.test(text);

/** How far a download is, if that is what an event tells. */
export function downloadOf(event: TrainEvent): { done: number; total: number } | undefined {
  return event.type === 'progress' && event.phase === 'download' ? event : undefined;
}
