/** A hidden command of the trainer in a process of its own, which may crash or be ended without harm to this one. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { trainerProgram } from './program.js';

/**
 * Runs `command` with `request` as JSON. Resolves with the objects that it printed, one a line, however it ends; after
 * `patience` milliseconds it is ended.
 * @throws AbortError
 */
export function linesApart<Line>(
  command: string,
  request: object,
  { signal, patience }: { signal: AbortSignal; patience: number },
): Promise<Line[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...trainerProgram, command, JSON.stringify(request)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const lines: Line[] = [];
    createInterface({ input: child.stdout }).on(
      'line',
      (line) => line.startsWith('{') && lines.push(JSON.parse(line) as Line),
    );
    const end = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(end, patience);
    signal.addEventListener('abort', end);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(new DOMException('The trial was cancelled', 'AbortError'));
      else resolve(lines);
    });
  });
}
