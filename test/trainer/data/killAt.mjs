/**
 * Loaded before a program: ends it by SIGKILL at the file operation with the number VITUNE_KILL_AT, of those that
 * change the disk below VITUNE_KILL_BELOW. What is written is then written by half; with VITUNE_KILL_AFTER the
 * operation is done first. It kills one process only: its mark, VITUNE_KILL_MARK, is then there for the next. Without a
 * mark it kills each process, and with VITUNE_SAVE none: then that file gets one more line, as if somebody had saved it
 * at that moment.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { VITUNE_KILL_AT, VITUNE_KILL_BELOW, VITUNE_KILL_AFTER, VITUNE_KILL_MARK, VITUNE_SAVE } = process.env;
const real = { ...fs.promises };
let left = Number(VITUNE_KILL_AT);

function die() {
  if (VITUNE_KILL_MARK) fs.writeFileSync(VITUNE_KILL_MARK, '');
  process.kill(process.pid, 'SIGKILL');
  // A signal to oneself may arrive a moment later.
  for (;;);
}

/** Does an operation, unless it is the one to die at; `half` is what is done of it by then. */
async function counted(path, work, half = () => undefined) {
  if (!String(path).startsWith(VITUNE_KILL_BELOW) || --left !== 0) return work();
  if (VITUNE_SAVE) {
    fs.appendFileSync(VITUNE_SAVE, 'c.png;saved meanwhile\r\n');
    return work();
  }
  // Also where it fails.
  await Promise.resolve(VITUNE_KILL_AFTER ? work() : half()).catch(() => undefined);
  return die();
}

if (!VITUNE_KILL_MARK || !fs.existsSync(VITUNE_KILL_MARK)) {
  for (const name of ['rename', 'rm', 'unlink', 'mkdir', 'copyFile', 'link', 'rmdir', 'writeFile'])
    fs.promises[name] = (path, ...rest) => counted(path, () => real[name](path, ...rest));
  fs.promises.open = async (path, flags = 'r', ...rest) => {
    if (/^r$/.test(String(flags))) return real.open(path, flags, ...rest);
    const handle = await counted(path, () => real.open(path, flags, ...rest));
    const write = handle.writeFile.bind(handle);
    handle.writeFile = (bytes) =>
      counted(
        path,
        () => write(bytes),
        () => write(bytes.slice(0, bytes.length >> 1)),
      );
    for (const name of ['sync', 'close']) {
      const own = handle[name].bind(handle);
      handle[name] = () => counted(path, own);
    }
    return handle;
  };
  syncBuiltinESMExports();
}
