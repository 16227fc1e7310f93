/** Reads the arguments of a benchmark: options by their defaults, and a usage line made from them. */
import { parseArgs } from 'node:util';

/** The default of an option that may be given several times, each with one `value`, e.g. `KEY=VALUE`. */
export const repeated = (value) => ({ repeated: value });

const isRepeated = (usual) => typeof usual === 'object' && !Array.isArray(usual);

/** How an option with this default is written in the usage. */
function written([name, usual]) {
  if (usual === false) return `[--${name}]`;
  if (Array.isArray(usual)) return `[--${name} ${usual.length ? usual.join() : 'VALUE,VALUE...'}]`;
  if (isRepeated(usual)) return `[--${name} ${usual.repeated}]...`;
  if (typeof usual === 'number' && !Number.isFinite(usual)) return `[--${name} N]`;
  return `[--${name} ${usual === '' ? 'VALUE' : usual}]`;
}

/** The value of an option as its default: a number, a list with commas between its items, a text or a switch. */
function valueOf(name, given, usual) {
  if (isRepeated(usual)) return given ?? [];
  if (given === undefined || typeof usual === 'boolean') return given ?? usual;
  if (Array.isArray(usual)) return given.split(',').filter(Boolean);
  if (typeof usual !== 'number') return given;
  const number = Number(given);
  if (given.trim() === '' || !Number.isFinite(number)) throw new Error(`--${name} is not a number: ${given}`);
  return number;
}

const kindOf = (usual) => ({ type: typeof usual === 'boolean' ? 'boolean' : 'string', multiple: isRepeated(usual) });

/**
 * `--help` prints the usage and ends the program.
 *
 * @param {string} program e.g. `node bench/transfer.mjs`
 * @param {Record<string, number | string | boolean | string[] | ReturnType<typeof repeated>>} options each with its
 *   default; a number without one is NaN
 * @param {string} [operands] e.g. `FOLDER...`: at least one is required; `[PART...]`: there may be none
 * @param {string[]} [args]
 * @returns {{ values: Record<string, any>, positionals: string[] }}
 * @throws Error with the usage
 */
export function readArguments(program, options, operands, args = process.argv.slice(2)) {
  const usage = `usage: ${[program, ...(operands ? [operands] : []), ...Object.entries(options).map(written)].join(' ')}`;
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    const parsed = parseArgs({
      args,
      options: Object.fromEntries(Object.entries(options).map(([name, usual]) => [name, kindOf(usual)])),
      allowPositionals: operands !== undefined,
    });
    if (operands && !operands.startsWith('[') && !parsed.positionals.length) throw new Error(`${operands} is missing`);
    const values = Object.entries(options).map(([name, usual]) => [name, valueOf(name, parsed.values[name], usual)]);
    return { values: Object.fromEntries(values), positionals: parsed.positionals };
  } catch (error) {
    throw new Error(`${error.message}\n${usage}`, { cause: error });
  }
}

/** @throws Error unless each name is a key of `known` */
export function requireKnown(names, known) {
  for (const name of names)
    if (!Object.hasOwn(known, name)) throw new Error(`${name} is not one of ${Object.keys(known).join(', ')}`);
}
