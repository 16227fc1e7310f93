/** Questions that many rooms ask of the file system. */
import { stat } from 'node:fs/promises';

/** The system's code of an error, e.g. `ENOENT`; undefined where it has none. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Whether an error says that there is no such file. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Whether a file or folder can be reached. */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
