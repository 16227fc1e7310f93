/** What the tests of Windows have in common: when they run, and starting a program next to them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { toNamespacedPath } from 'node:path';
import { createInterface } from 'node:readline';

/** For `{ skip }` of a test: false on Windows, elsewhere the reason. */
export const skip = process.platform === 'win32' ? false : 'Windows only; run npm run test:windows';

/** As `skip`, and where an environment variable that `npm run test:windows` sets is missing. */
export const skipWithout = (variable: string): string | false =>
  skip || (process.env[variable] ? false : `${variable} is not set`);

/** The path in the form in which Windows takes any name: `\\?\C:\…`. */
export const exactly = (path: string): string => toNamespacedPath(path);

/** Holds a file open for a while, as a virus scanner does; resolves once it is held. */
export async function hold(path: string, milliseconds: number): Promise<ChildProcess> {
  const child = spawn(process.env.VITUNE_TEST_HOLD!, [path, String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface({ input: child.stdout }), 'line');
  return child;
}
