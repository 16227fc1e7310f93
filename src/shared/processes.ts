/** Whether another process of this machine lives. */

/** Whether a process of this number lives; one of another user counts. Of Node.js: not for a browser. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown } | null)?.code === 'EPERM';
  }
}
