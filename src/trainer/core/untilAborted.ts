/** Waits that end when a stop is requested, whatever they wait for. */

/**
 * The result of `work`, or the signal's reason as soon as it is aborted. The work itself continues; its later result or
 * error is dropped, since nothing waits for it any more.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * The items of `source`, each waited for until `signal` is aborted. A source that is left in the middle of a wait is
 * closed when that wait ends, if it ever does.
 */
export async function* eachUntilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let isWaiting = false;
  try {
    for (;;) {
      isWaiting = true;
      const { done, value } = await untilAborted(iterator.next(), signal);
      isWaiting = false;
      if (done) return;
      yield value;
    }
  } finally {
    const closed = Promise.resolve(iterator.return?.());
    if (isWaiting) closed.catch(() => undefined);
    else await closed;
  }
}
