/**
 * Runs `COMMAND ARGS…` and ends it, with all of its process group, when the process that started this guard is gone,
 * however it went.
 */
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('exit', (code) => process.exit(code ?? 1));
// The starter holds the other end of this pipe; the system closes it even for one that was killed.
process.stdin.resume().once('close', () => process.kill(-process.pid, 'SIGKILL'));
