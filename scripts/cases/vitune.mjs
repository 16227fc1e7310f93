/** Runs the `vitune` that main.mjs built, as a user would, in a case's folder, and collects what it printed. */
import { spawn } from 'node:child_process';

/** The objects among lines of JSON. */
const objects = (text) =>
  text.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });

/**
 * Runs `vitune ARGS --json`.
 * @param {string[]} args
 * @param {string} cwd
 * @param {(object: any) => boolean} [until] interrupts the command, as Ctrl+C does, once it holds for an object printed
 * @returns {Promise<{ code: number | null, printed: any[], error?: { code: string, message: string }, text: string }>}
 */
export function vitune(args, cwd, until) {
  const child = spawn(process.execPath, [process.env.VITUNE_CASES_PROGRAM, ...args, '--json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, interrupted] = ['', false];
  const collect = (chunk) => {
    text += chunk;
    if (!until || interrupted || !objects(text).some(until)) return;
    interrupted = true;
    child.kill('SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const printed = objects(text);
      const error = printed.find(({ type }) => type === 'error');
      resolve({ code, printed, ...(error && { error }), text });
    });
  });
}

/** The notices of a command, as text. */
export const noticesOf = ({ printed }) =>
  printed.filter(({ type, code }) => type === 'notice' && code !== 'DEVICE_FALLBACK').map(({ message }) => message);

/** How a command failed, in one line. */
export const failure = ({ code, error, text }) =>
  error ? `${error.code}: ${error.message}` : `exit code ${code}: ${text.trim().split('\n').at(-1)}`;
