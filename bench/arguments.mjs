/** Reads the arguments of a benchmark: options by their defaults, and a usage line made from them. */
import { parseArgs } from 'node:util';

/** How an option with this default is written in the usage. */
function written([name, usual]) {
  if (usual === false) return `[--${name}]`;
  if (Array.isArray(usual)) return `[--${name} ${usual.length ? usual.join() : 'VALUE,VALUE...'}]`;
  return `[--${name} ${usual === '' ? 'VALUE' : usual}]`;
}

/** The value of an option as its default: a number, a list with commas between its items, a text or a switch. */
function valueOf(name, given, usual) {
  if (given === undefined || typeof usual === 'boolean') return given ?? usual;
  if (Array.isArray(usual)) return given.split(',').filter(Boolean);
  if (typeof usual !== 'number') return given;
  const number = Number(given);
  if (given.trim() === '' || !Number.isFinite(number)) throw new Error(`--${name} is not a number: ${given}`);
  return number;
}

/**
 * @param {string} program e.g. `node bench/transfer.mjs`
 * @param {Record<string, number | string | boolean | string[]>} options each with its default
 * @param {string} [operands] e.g. `FOLDER...`; where it is given, at least one is required
 * @param {string[]} [args]
 * @returns {{ values: Record<string, any>, positionals: string[] }}
 * @throws Error with the usage
 */
export function readArguments(program, options, operands, args = process.argv.slice(2)) {
  const kinds = Object.entries(options).map(([name, usual]) => [
    name,
    { type: typeof usual === 'boolean' ? 'boolean' : 'string' },
  ]);
  try {
    const parsed = parseArgs({ args, options: Object.fromEntries(kinds), allowPositionals: operands !== undefined });
    if (operands !== undefined && !parsed.positionals.length) throw new Error(`${operands} is missing`);
    const values = Object.entries(options).map(([name, usual]) => [name, valueOf(name, parsed.values[name], usual)]);
    return { values: Object.fromEntries(values), positionals: parsed.positionals };
  } catch (error) {
    const usage = [program, ...(operands === undefined ? [] : [operands]), ...Object.entries(options).map(written)];
    throw new Error(`${error.message}\nusage: ${usage.join(' ')}`, { cause: error });
  }
}
