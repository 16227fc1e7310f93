/** Runs an asynchronous step for each of many indices, a few at a time. */

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
