/** Errors and notices of a run in the language of this window, whatever the trainer's was. */
import { wordsOf } from '../../shared/said.js';
import type { RecordedEvent } from '../../trainer/protocol.js';

type Translate = Parameters<typeof wordsOf>[1];

/** Older logs have only the texts: these are shown unchanged. */
export function inOwnWords<Event extends RecordedEvent>(event: Event, translate: Translate): Event {
  if ((event.type !== 'error' && event.type !== 'notice') || !event.said) return event;
  const { message, remedy } = event.said;
  return { ...event, message: wordsOf(message, translate), remedy: wordsOf(remedy, translate) };
}
