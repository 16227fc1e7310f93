/** The process of the trainer that lists datasets, looks files up and makes thumbnails for the grids. */
import type { ImageColumn } from '../../shared/imageList.js';
import type { ImageMark, ImagesRequest, ImagesResponse } from '../../trainer/protocol.js';
import type { CellChange, ImageChange, ImagePlan, Move, ShownImage } from '../../shared/imageChange.js';
import type { LateColumns } from '../../webview/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { TrainerDied } from '../trainer/trainerDied.js';
import { type Asked, WarmProcess } from '../trainer/warmProcess.js';

/** The images for which something was written, and why it was not for others. */
export type Written = Pick<Extract<ImagesResponse, { type: 'written' }>, 'done' | 'left'>;

/** Milliseconds without a request after which the process ends. */
const idle = 2 * 60_000;

/** Each request throws `ShownError`, `TrainerDied` or `AbortError`. */
export class ImagesProcess {
  readonly #process: WarmProcess<ImagesRequest, ImagesResponse>;

  constructor(launch: Launch) {
    this.#process = new WarmProcess(launch, { command: 'images', idle, isLast: ({ type }) => type !== 'progress' });
  }

  /** Writes the list of a dataset's images to `file`; with `only` that of those with a mark. */
  async list(dataset: string, file: string, marks: ImageMark[], only: boolean, signal?: AbortSignal): Promise<void> {
    await this.#process.ask({ type: 'list', dataset, file, marks, only }, () => undefined, signal);
  }

  async columns(
    file: string,
    of: LateColumns,
    signal: AbortSignal,
    onProgress: (done: number, total: number) => void,
  ): Promise<ImageColumn[]> {
    let columns: ImageColumn[] = [];
    await this.#process.ask(
      { type: 'columns', file, of },
      (answer) => {
        if (answer.type === 'progress') onProgress(answer.done, answer.total);
        if (answer.type === 'columns') columns = answer.columns;
      },
      signal,
    );
    return columns;
  }

  /** What a change of these images of a dataset, or of all images of a class, would do. */
  async plan(dataset: string, change: ImageChange, images: ShownImage[], signal?: AbortSignal): Promise<ImagePlan> {
    return (await this.#answer('plan', { type: 'plan', dataset, change, images }, signal)).plan;
  }

  /** Changes cells of a dataset's label file. */
  cells(dataset: string, file: string, cells: CellChange[]): Promise<Written> {
    return this.#write({ type: 'cells', dataset, file, cells });
  }

  /** Adds images to the list of those that a dataset leaves out, or takes them from it. */
  exclude(dataset: string, paths: string[], isExcluded: boolean): Promise<Written> {
    return this.#write({ type: 'exclude', dataset, paths, isExcluded });
  }

  /** Brings a list up to date with its dataset: whether anything in it is another. */
  async refresh(dataset: string, file: string, moves: Move[], grows: boolean): Promise<boolean> {
    return (await this.#answer('refreshed', { type: 'refresh', dataset, file, moves, grows })).isChanged;
  }

  /** A process that ended without an answer has written all or nothing: another one finds out, and does it. */
  async #write(request: Asked<Extract<ImagesRequest, { type: 'cells' | 'exclude' }>>): Promise<Written> {
    return this.#answer('written', request).catch((error: unknown) => {
      if (!(error instanceof TrainerDied)) throw error;
      return this.#answer('written', { ...request, isAgain: true });
    });
  }

  async #answer<Type extends ImagesResponse['type']>(
    type: Type,
    request: Asked<ImagesRequest>,
    signal?: AbortSignal,
  ): Promise<Extract<ImagesResponse, { type: Type }>> {
    let found: ImagesResponse | undefined;
    await this.#process.ask(request, (answer) => (found = answer), signal);
    if (found?.type !== type) throw new Error(`The process of images answered ${found?.type} to ${request.type}`);
    return found as Extract<ImagesResponse, { type: Type }>;
  }

  /** The thumbnail of an image as a data URI. */
  async thumbnail(path: string): Promise<string> {
    let jpeg: Uint8Array = new Uint8Array();
    const onResponse = (answer: ImagesResponse) => answer.type === 'thumbnail' && (jpeg = answer.jpeg);
    await this.#process.ask({ type: 'thumbnail', path }, onResponse);
    return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
  }

  dispose(): void {
    this.#process.dispose();
  }
}
