/** A worker thread that decodes HEIF files with libheif, one at a time; `heif.ts` owns it. */
import { parentPort } from 'node:worker_threads';
import { HeifError, HeifLibrary, type HeifHeader, type HeifPixels } from './heifLibrary.js';

export interface HeifJob {
  step: 'header' | 'pixels';
  file: Uint8Array;
}

export type HeifReply = {
  /** The thread is to end: it holds much memory, or its library may be in any state. */
  isSpent: boolean;
} & (
  | { step: 'header'; header: HeifHeader }
  | { step: 'pixels'; pixels: HeifPixels }
  | { step: 'failed'; kind: HeifError['kind']; words: string }
);

/** A thread that waits for the next image holds no larger heap. */
const heapToKeep = 40 * 2 ** 20;

const library = new HeifLibrary();

function replyTo({ step, file }: HeifJob): HeifReply {
  try {
    if (step === 'header') return { step, header: library.header(file), isSpent: false };
    return { step, pixels: library.pixels(file), isSpent: library.heapBytes > heapToKeep };
  } catch (error) {
    const words = (error as Error).message;
    const isSpent = !(error instanceof HeifError) || library.heapBytes > heapToKeep;
    return { step: 'failed', kind: error instanceof HeifError ? error.kind : 'damaged', words, isSpent };
  }
}

parentPort!.on('message', (job: HeifJob) => {
  const reply = replyTo(job);
  const { tiff, exif } = reply.step === 'pixels' ? reply.pixels : {};
  parentPort!.postMessage(
    reply,
    [tiff, exif].flatMap((part) => (part ? [part.buffer] : [])),
  );
});
