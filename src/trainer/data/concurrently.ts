/** Runs an asynchronous step for each of many indices, a few at a time; and ends a wait when it is no longer wanted. */

/** Ends with the first error thrown, or the signal's reason, after the steps already begun have ended. */
export async function forEachConcurrently(
  count: number,
  limit: number,
  signal: AbortSignal | undefined,
  step: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      signal?.throwIfAborted();
      await step(next++);
    }
  };
  const lanes = await Promise.allSettled(
    Array.from({ length: Math.min(limit, count) }, () =>
      lane().catch((error: unknown) => {
        next = count;
        throw error;
      }),
    ),
  );
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}

/** Waits for the promise, or throws the signal's reason as soon as that is aborted; what comes later is dropped. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  // Whatever comes of it, somebody has listened.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort!);
  }
}
