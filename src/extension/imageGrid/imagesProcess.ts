/** The process of the trainer that lists datasets, looks files up and makes thumbnails for the grids. */
import type { ImageColumn } from '../../shared/imageList.js';
import type { ImageMark, ImagesRequest, ImagesResponse } from '../../trainer/protocol.js';
import type { LateColumns } from '../../webview/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { WarmProcess } from '../trainer/warmProcess.js';

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
