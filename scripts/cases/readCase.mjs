/** A case: a folder whose README.md gives the commands, what was seen and what is right; `expected.json` if any. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Words of a command line; quotes group. */
const words = (text) => (text.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));

/** `vitune inspect a | b and c   and   vitune train` is three inspections and a training. */
function alternatives(command) {
  const { before, given, after } =
    /^(?<before>vitune inspect )(?<given>.*?)(?<after>\s+(?:and|with)\s.*)?$/.exec(command)?.groups ?? {};
  if (given === undefined) return [command];
  const inspections = given.split(/\s*\|\s*|\s+and\s+/).map((folder) => before + folder.trim());
  const training = /vitune train.*|train with any method/.exec(after ?? '')?.[0];
  return [...inspections, ...(training ? [training.startsWith('vitune') ? training : 'vitune train'] : [])];
}

/** The commands of a README, each as words. What follows two spaces or stands in brackets is a remark. */
function commandsOf(readme) {
  const lines = readme.split('\n').filter((line) => /^\s*(vitune|python) /.test(line));
  return lines
    .map((line) => line.trim())
    .flatMap((line) => (line.startsWith('python') ? [line] : line.replace(/\((?!dataset )[^)]*\)/g, '').split(';')))
    .map((part) => part.trim())
    .flatMap((part) => (part.startsWith('vitune inspect') ? alternatives(part) : [part]))
    .map((part) => words(part.startsWith('python') ? part : part.split(/\s{2,}/)[0]));
}

/** A README without commands is about each folder next to it that holds images. */
function withDefaults(folder, commands) {
  if (commands.length > 0) return commands;
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => ['vitune', 'inspect', name]);
}

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} folder
 * @property {string[][]} commands each as words
 * @property {string} right what the README says is right
 * @property {string[]} codes the error codes that the README names as right
 * @property {unknown} [expected] the content of expected.json
 */

/** @returns {Case} */
export function readCase(folder) {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const right = [...readme.matchAll(/Expected:([\s\S]*?)(?=\bSeen:|\bPeers:|$)/g)].map((match) => match[1]).join(' ');
  const path = join(folder, 'expected.json');
  return {
    name: basename(folder),
    folder,
    commands: withDefaults(folder, commandsOf(readme)),
    right,
    codes: right.match(/\b[A-Z]{3,}(?:_[A-Z]+)+\b/g) ?? [],
    ...(existsSync(path) && { expected: JSON.parse(readFileSync(path, 'utf8')) }),
  };
}
