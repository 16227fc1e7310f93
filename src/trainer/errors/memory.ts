/** Errors and notices of memory: what is short, what ran out, and what a limit of the process leaves. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

export const memory = {
  batchesShrunk: (
    before: number,
    { batchSize, gradientAccumulationSteps }: { batchSize: number; gradientAccumulationSteps: number },
  ) =>
    new UserError(
      'BATCHES_SHRUNK',
      batchSize === before
        ? t('Memory ran out. From now on the backward pass recomputes activations instead of holding them.')
        : t(
            'Memory ran out in batches of {0} images. From now on {1} batches of {2} make one step, which learns the same.',
            before,
            gradientAccumulationSteps,
            batchSize,
          ),
      t(
        'Training continues by itself, from the last checkpoint if there is one. For the next run, set a smaller batchSize.',
      ),
    ),
  outOfMemory: (reason: string) =>
    new UserError(
      'OUT_OF_MEMORY',
      t('The memory of the device ran out: {0}', reason),
      t(
        'In a training, halve batchSize and double gradientAccumulationSteps, then resume. Otherwise close other programs, or raise the memory limit of the container or shell.',
      ),
    ),
  /** Before the first step; both in bytes. */
  memoryShort: (needed: number, free: number) =>
    new UserError(
      'MEMORY_SHORT',
      t(
        'Training will need about {0} MB, and {1} MB are free. The system may end it.',
        megabytes(needed),
        megabytes(free),
      ),
      t(
        'Close other programs, raise the memory limit of the container or shell, or choose a smaller “model”, “method”: “head”, or a smaller “batchSize”.',
      ),
    ),
  /** `limit` as Linux names it, `option` as `ulimit` does, undefined for a container; both sizes in bytes. */
  memoryLimited: (limit: string, option: string | undefined, bytes: number, needed: number) =>
    new UserError(
      'MEMORY_LIMITED',
      t(
        'A limit of this process ({0}) allows {1} MB. Node.js and ONNX Runtime need about {2} MB, so the process may end without a word.',
        limit,
        megabytes(bytes),
        megabytes(needed),
      ),
      option === undefined ? t('Give the container more memory.') : t('Raise the limit: ulimit {0} unlimited', option),
    ),
};

/** An allocation that failed inside the runtime is the machine's limit, not a bug; any other error as it is. */
export function explainMemory(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  return /bad_alloc|out of memory|failed to allocate|allocat\w+ .*fail|cannot allocate memory/i.test(error.message)
    ? memory.outOfMemory(error.message.slice(0, 200))
    : error;
}
