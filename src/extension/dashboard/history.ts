/** What has happened in a run, as a dashboard is sent it: as little of it as shows the same. */
import { packSteps } from '../../shared/packedSteps.js';
import type { RecordedEvent, TrainEvent } from '../../trainer/protocol.js';
import type { DashboardHistory } from '../../webview/protocol.js';
import type { Run } from '../runs/run.js';

type Recorded<Type extends TrainEvent['type']> = Extract<RecordedEvent, { type: Type }>;

export function historyOf({ events, progress }: Pick<Run, 'events' | 'progress'>): DashboardHistory {
  const steps = events.filter((event): event is Recorded<'step'> => event.type === 'step');
  // Its figures are shown, and not only its place on the curves.
  const last = steps.pop();
  const others = events.filter((event) => event.type !== 'step' || event === last);
  const shown = shownInFull(others);
  return {
    steps: Buffer.from(packSteps(steps)).toString('base64'),
    events: others.map((event) => (event.type === 'evaluation' && !shown.has(event) ? withoutMatrix(event) : event)),
    progress,
  };
}

/** The evaluations whose matrix a dashboard may show: of the best checkpoint, the last, and of the test images. */
function shownInFull(events: readonly RecordedEvent[]): Set<RecordedEvent> {
  const evaluations = events.filter((event): event is Recorded<'evaluation'> => event.type === 'evaluation');
  const bests = events.flatMap((event) => {
    if (event.type === 'finished') return [event.best.step];
    return event.type === 'checkpoint' && event.best ? [event.step] : [];
  });
  const validation = evaluations.filter(({ split }) => split === 'validation');
  const found = [
    validation.findLast(({ step }) => step === bests.at(-1)),
    validation.at(-1),
    evaluations.findLast(({ split }) => split === 'test'),
  ];
  return new Set(found.filter((event) => event !== undefined));
}

function withoutMatrix(event: Recorded<'evaluation'>): Recorded<'evaluation'> {
  return {
    ...event,
    confusion: [],
    ...(event.perClass ? { perClass: [] } : {}),
    ...(event.tasks ? { tasks: event.tasks.map((task) => ({ ...task, confusion: [], perClass: undefined })) } : {}),
  };
}
