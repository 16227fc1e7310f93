/** Changes images of datasets on disk, and takes changes back: one at a time, each reported with what was left. */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ImageChange, ImagePlan, ShownImage } from '../../shared/imageChange.js';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { errors } from '../errors/errors.js';
import { ShownError } from '../errors/shownError.js';
import { ask, notify } from '../notify.js';
import { withProgress, type Report } from '../progress.js';
import { count } from '../runs/count.js';
import type { Begun, ChangeJournal, Interrupted } from './changeJournal.js';
import { ChangeStack, type Entry } from './changeStack.js';
import { doneOnDisk } from './doneOnDisk.js';
import type { ImageGrids } from './imageGrids.js';
import type { ImagesProcess } from './imagesProcess.js';
import { moveFiles, prune } from './moveFiles.js';
import type { TrashFiles } from './trashFiles.js';
import { inverseOf, joined, noWork, sizeOf, workOf, type Work } from './work.js';

const { t } = vscode.l10n;

/** How much of some work was done. */
interface Outcome {
  done: Work;
  inverse: Work;
  /** What a cancel left undone. */
  rest: Work;
  left: ErrorInfo[];
}

export class ImageChanges {
  readonly #stack = new ChangeStack<Work>(({ work }) => void this.trash.forget(work.restore));
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly process: ImagesProcess,
    private readonly trash: TrashFiles,
    private readonly grids: Pick<ImageGrids, 'refresh'>,
    private readonly datasets: DatasetStore,
    private readonly journal: ChangeJournal,
  ) {}

  /** Plans a change and makes it, unless the user decides otherwise; `say` names what was done to so many images. */
  change(
    dataset: string,
    change: ImageChange,
    images: ShownImage[],
    say: (images: number) => string,
    confirm: (plan: ImagePlan) => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<void> {
    return this.#inTurn(async () => {
      const plan = await withProgress(t('Looking at the dataset…'), (signal) =>
        this.process.plan(dataset, change, images, signal),
      );
      const agreed = plan.images > 0 && (await confirm(plan)) && (!plan.endsDraw || (await askToEndDraw()));
      if (!agreed) return void (await this.#report(undefined, plan.left, dataset));
      const work = workOf(plan, (path) => this.trash.placeOf(path));
      const outcome = await this.#apply({ title: say(plan.images), dataset, work });
      if (!outcome) return;
      const whole = sizeOf(outcome.done) === sizeOf(work);
      const title = say(whole ? plan.images : sizeOf(outcome.done));
      const entry = { title, dataset, work: outcome.inverse };
      if (sizeOf(outcome.done) > 0) this.#stack.add(entry);
      const said = plan.numbered > 0 && whole ? `${title} ${numberedText(plan.numbered)}` : title;
      await this.#report(
        sizeOf(outcome.done) > 0 ? said : undefined,
        [...plan.left, ...outcome.left],
        dataset,
        outcome,
        { title: t('Undo'), run: () => this.#undoIfLast(entry) },
      );
    });
  }

  /** Takes the last change back, or makes it again. */
  step(direction: 'undo' | 'redo'): Promise<void> {
    return this.#inTurn(async () => {
      const entry = this.#stack.take(direction);
      if (!entry) {
        const none = direction === 'undo' ? t('There is no change of images to undo.') : t('There is nothing to redo.');
        return void notify('info', none);
      }
      await this.#step(direction, entry);
    });
  }

  /** The button of a notification is for its own change, and others may have followed. */
  async #undoIfLast(entry: Entry<Work>): Promise<void> {
    if (this.#stack.isLast(entry)) return this.step('undo');
    await notify('info', t('Other changes came after this one: undo them first.'));
  }

  async #step(direction: 'undo' | 'redo', entry: Entry<Work>): Promise<void> {
    const { title, dataset, work } = entry;
    const said = direction === 'undo' ? t('Undone: {0}', title) : t('Done again: {0}', title);
    let outcome: Outcome | undefined;
    try {
      outcome = await this.#apply({ title: said, dataset, work });
    } finally {
      // What could not even begin can be tried again.
      if (!outcome) this.#stack.put(direction, entry);
    }
    if (!outcome) return;
    if (sizeOf(outcome.rest) > 0) this.#stack.put(direction, { ...entry, work: outcome.rest });
    const isDone = sizeOf(outcome.done) > 0;
    if (isDone) this.#stack.put(direction === 'undo' ? 'redo' : 'undo', { title, dataset, work: outcome.inverse });
    await this.#report(isDone ? said : undefined, outcome.left, dataset, outcome);
  }

  /** Undefined: the user does not want it, and nothing was done. */
  async #apply(begun: Begun): Promise<Outcome | undefined> {
    const { dataset, work } = begun;
    const file = work.cells?.file;
    if (file !== undefined && isUnsaved(file)) throw errors.unsavedText(file);
    // Text files are written whole or not at all.
    const isMany = work.moves.length + work.trash.length + work.restore.length > 0;
    const end = isMany ? await this.journal.begin(begun) : () => Promise.resolve();
    try {
      return await withProgress(t('Changing images…'), (signal, report) => this.#work(dataset, work, signal, report));
    } finally {
      await end();
    }
  }

  /** Says which changes a window did not bring to an end, and offers to do that, or to take back what was done. */
  async recover(): Promise<void> {
    for (const interrupted of await this.journal.interrupted()) void this.#offer(interrupted);
  }

  async #offer({ title, dataset, work, forget }: Interrupted): Promise<void> {
    const { done, rest } = await doneOnDisk(work);
    const [images, left] = [sizeOf(done), sizeOf(rest)];
    if (images + left === 0) return forget();
    const made = [...new Set(done.moves.map(({ to }) => dirname(to)))];
    const entry = { title, dataset, work: inverseOf(done, made) };
    const finish = () =>
      this.#inTurn(async () => {
        const outcome = await this.#apply({ title, dataset, work: rest });
        if (!outcome) return;
        this.#stack.add({ ...entry, work: joined(outcome.inverse, entry.work) });
        await this.#report(title, outcome.left, dataset, outcome);
      });
    const undo = () => this.#inTurn(() => this.#step('undo', entry));
    let isAnswered = false;
    const answering = (run: () => Promise<unknown>) => () => {
      isAnswered = true;
      return run();
    };
    await notify(
      'warning',
      t(
        'The window ended in the middle of a change of images: {1} of {0} are done. The change: {2}',
        count(images + left),
        count(images),
        title,
      ),
      ...(left > 0 ? [{ title: t('Finish'), run: answering(finish) }] : []),
      ...(images > 0 ? [{ title: t('Undo'), run: answering(undo) }] : []),
    );
    if (!isAnswered && images > 0) this.#stack.add(entry);
    await forget();
  }

  async #work(dataset: string, work: Work, signal: AbortSignal, report: Report): Promise<Outcome | undefined> {
    const total = sizeOf(work);
    const onProgress = (done: number) => report(t('{0} of {1}', count(done), count(total)), (100 * done) / total);
    const moved = await moveFiles(work.moves, signal, onProgress);
    const trashed = await this.trash.trash(work.trash, signal, onProgress);
    if (!trashed) return undefined;
    const restored = await this.trash.restore(work.restore);
    const left = [...moved.left, ...trashed.left, ...restored.left];
    const done: Work = { ...noWork, moves: moved.done, trash: trashed.done, restore: restored.done };
    if (work.cells) {
      const written = await this.process.cells(dataset, work.cells.file, work.cells.changes);
      const isWritten = new Set(written.done);
      done.cells = { ...work.cells, changes: work.cells.changes.filter(({ path }) => isWritten.has(path)) };
      left.push(...written.left);
    }
    if (work.exclude) {
      const written = await this.process.exclude(dataset, work.exclude.paths, work.exclude.isExcluded);
      done.exclude = { ...work.exclude, paths: written.done };
      left.push(...written.left);
    }
    // Also what was made for a move that then failed.
    await prune([...work.prune, ...moved.made]);
    const rest = { ...noWork, moves: moved.rest, trash: trashed.rest };
    return { done, inverse: inverseOf(done, moved.made), rest, left };
  }

  /** The grids and the tree show what is there now, and a notification says what was done and what was not. */
  async #report(
    said: string | undefined,
    left: readonly ErrorInfo[],
    dataset: string,
    outcome?: Outcome,
    undo?: { title: string; run: () => unknown },
  ): Promise<void> {
    this.datasets.changed(dataset);
    await this.grids.refresh(dataset, outcome?.done.moves);
    const cancelled = outcome ? sizeOf(outcome.rest) : 0;
    if (left.length === 0 && cancelled === 0) {
      if (said !== undefined) void notify('info', said, ...(undo ? [undo] : []));
      return;
    }
    if (said === undefined && left.length === 1) throw new ShownError(left[0]!);
    const reasons = [...new Set(left.map(({ message }) => message))];
    const words = [said];
    if (cancelled > 0) words.push(t('Cancelled before {0} more.', count(cancelled)));
    if (left.length > 0)
      words.push(
        left.length === 1
          ? t('1 image was left as it is:')
          : t('{0} images were left as they are:', count(left.length)),
      );
    words.push(...reasons.slice(0, 3), ...(reasons.length > 3 ? ['…'] : []));
    void notify('warning', words.filter(Boolean).join(' '), ...(undo && said !== undefined ? [undo] : []));
  }

  /** Two changes at once would plan with files that the other moves. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  get commands() {
    return {
      [commands.undoImageChange]: () => this.step('undo'),
      [commands.redoImageChange]: () => this.step('redo'),
    };
  }
}

const isUnsaved = (file: string): boolean =>
  vscode.workspace.textDocuments.some(({ uri, isDirty }) => isDirty && uri.scheme === 'file' && uri.fsPath === file);

const numberedText = (images: number): string =>
  images === 1
    ? t('1 has a number in its name, since the name was taken.')
    : t('{0} have a number in their names, since the names were taken.', count(images));

const askToEndDraw = (): Promise<boolean> =>
  ask(
    t('Draw no validation images by seed any more?'),
    t('Move'),
    t('So far they are drawn from the training images. From now on only what is in validation is used for it.'),
  );
