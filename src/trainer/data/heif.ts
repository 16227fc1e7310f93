/**
 * Decodes HEIF files with HEVC images (HEIC) in threads of their own, since libheif's WebAssembly works on the thread
 * that calls it: such a thread can be ended, where a file makes it hang or take much memory.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import * as l10n from '@vscode/l10n';
import { startThread } from '../core/startThread.js';
import type { HeifHeader, HeifPixels } from './heifLibrary.js';
import type { HeifJob, HeifReply } from './heifWorker.js';

/** As many as libuv's threads, which decode the other formats. */
const threadsAtMost = Math.min(4, availableParallelism());
/** Milliseconds after which a thread without work ends. */
const idleTime = 5_000;

const idle: { worker: Worker; end: NodeJS.Timeout }[] = [];
const waiting: (() => void)[] = [];
let busy = 0;

/** Throws an Error in words. */
export async function heifHeader(file: Uint8Array): Promise<HeifHeader> {
  const reply = await answer({ step: 'header', file }, headerTime);
  return (reply as HeifReply & { step: 'header' }).header;
}

/** Throws an Error in words. */
export async function heifPixels(file: Uint8Array, { width, height }: HeifHeader): Promise<HeifPixels> {
  const reply = await answer({ step: 'pixels', file }, headerTime + (width * height) / pixelsPerMillisecond);
  return (reply as HeifReply & { step: 'pixels' }).pixels;
}

/** Ten times and more what a slow computer takes: longer, and the file makes the decoder hang. */
const headerTime = 60_000;
const pixelsPerMillisecond = 200;

async function answer(job: HeifJob, milliseconds: number): Promise<HeifReply> {
  while (busy >= threadsAtMost) await new Promise<void>((resolve) => waiting.push(resolve));
  busy++;
  const worker = takeThread();
  let isSpent = true;
  try {
    const reply = await replyOf(worker, job, milliseconds);
    isSpent = reply.isSpent;
    if (reply.step === 'failed') throw new Error(wordsFor(reply.kind, reply.words));
    return reply;
  } finally {
    if (isSpent) await worker.terminate();
    else keep(worker);
    busy--;
    waiting.shift()?.();
  }
}

function takeThread(): Worker {
  const kept = idle.pop();
  if (!kept) return startThread('data/heifWorker');
  clearTimeout(kept.end);
  kept.worker.ref();
  return kept.worker;
}

function keep(worker: Worker): void {
  // An idle thread must not keep the process from ending.
  worker.unref();
  const end = setTimeout(() => {
    idle.splice(
      idle.findIndex((each) => each.worker === worker),
      1,
    );
    void worker.terminate();
  }, idleTime);
  end.unref();
  idle.push({ worker, end });
}

function replyOf(worker: Worker, job: HeifJob, milliseconds: number): Promise<HeifReply> {
  return new Promise<HeifReply>((resolve, reject) => {
    const settle = (step: () => void) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      step();
    };
    const onMessage = (reply: HeifReply) => settle(() => resolve(reply));
    const onError = (error: unknown) => settle(() => reject(error as Error));
    const onExit = () => onError(new Error('The thread that decodes HEIC ended.'));
    const onTimeout = () =>
      onError(new Error(l10n.t('decoding it takes more than {0} seconds', Math.round(milliseconds / 1000))));
    const timer = setTimeout(onTimeout, milliseconds);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(job);
  });
}

/** `decode.ts` gives the words for what is truncated or damaged. */
function wordsFor(kind: (HeifReply & { step: 'failed' })['kind'], words: string): string {
  switch (kind) {
    case 'truncated':
      return `heif: unexpected end (${words})`;
    case 'damaged':
      return `heif: ${words}`;
    case 'unsupported':
      return l10n.t('ViTune does not read this kind of HEIF ({0})', words);
    case 'hdr':
      return l10n.t('its colours are of high dynamic range ({0}), which 8 bits of sRGB cannot hold', words);
  }
}
