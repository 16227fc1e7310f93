/** A small file system of its own, to fill up or to make read-only. */
import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';

/** Runs `body` with a file system of `kilobytes` mounted on `folder`; skips the test where that is not possible. */
export async function onSmallDisk(
  t: TestContext,
  folder: string,
  kilobytes: number,
  body: () => Promise<void>,
): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return t.skip('needs root on Linux, to mount a small file system');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    return t.skip(`cannot mount: ${String(error)}`);
  }
  try {
    await body();
  } finally {
    execFileSync('umount', [folder]);
  }
}
