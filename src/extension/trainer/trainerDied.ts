/** The error of a trainer process that ended without saying why. */

export class TrainerDied extends Error {
  constructor(
    /** Exit code, or the signal that ended it. */
    readonly ending: number | NodeJS.Signals | null,
    /** The last lines that it wrote. */
    readonly tail: string,
  ) {
    super(`The trainer process ended with ${ending ?? 'no code'}`);
    this.name = 'TrainerDied';
  }
}

/** The last `count` lines of a text, without empty ones. */
export function lastLines(text: string, count = 20): string {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
