/** Reading of the command line: what each command takes, and what to say when it is given something else. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import * as l10n from '@vscode/l10n';
import { errors, reasonOf } from '../errors/errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;

export const usages = {
  train: 'vitune train CONFIG [--set KEY=VALUE]... [--resume] [--profile] [--json]',
  classify: 'vitune classify PATH... --checkpoint RUN_OR_CHECKPOINT [--top N] [--json]',
  evaluate: 'vitune evaluate --checkpoint RUN_OR_CHECKPOINT --dataset FOLDER_OR_CSV [--pictures] [--json]',
  inspect: 'vitune inspect DATASET_OR_CONFIG_OR_ONNX [--json]',
  export:
    'vitune export --checkpoint RUN_OR_CHECKPOINT --format peft|transformers|onnx --output FOLDER [--dataset FOLDER] [--json]',
  compare: 'vitune compare --dataset FOLDER [--methods NAME,NAME...] [--set KEY=VALUE]... [--output FOLDER] [--json]',
  download: 'vitune download NAME[@REVISION] [--dataset] [--json] | --list [--json]',
  doctor: 'vitune doctor [--json]',
  cache: 'vitune cache [--clear] [--json]',
} as const;

export type CommandName = keyof typeof usages;

const options: Record<CommandName, Options> = {
  train: {
    set: { type: 'string', multiple: true },
    resume: { type: 'boolean' },
    profile: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  classify: { checkpoint: { type: 'string' }, top: { type: 'string' }, json: { type: 'boolean' } },
  evaluate: {
    checkpoint: { type: 'string' },
    dataset: { type: 'string' },
    pictures: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  inspect: { json: { type: 'boolean' } },
  export: {
    checkpoint: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string' },
    dataset: { type: 'string' },
    json: { type: 'boolean' },
  },
  compare: {
    dataset: { type: 'string' },
    methods: { type: 'string' },
    set: { type: 'string', multiple: true },
    output: { type: 'string' },
    json: { type: 'boolean' },
  },
  // Here --dataset says what the name is; elsewhere it takes a folder.
  download: { dataset: { type: 'boolean' }, list: { type: 'boolean' }, json: { type: 'boolean' } },
  doctor: { json: { type: 'boolean' } },
  cache: { clear: { type: 'boolean' }, json: { type: 'boolean' } },
};

/** What a command cannot do without. */
const required: Partial<Record<CommandName, (keyof Arguments)[]>> = {
  classify: ['checkpoint'],
  evaluate: ['checkpoint', 'dataset'],
  export: ['checkpoint', 'format', 'output'],
  compare: ['dataset'],
};

export interface Arguments {
  positionals: string[];
  json: boolean;
  resume: boolean;
  profile: boolean;
  clear: boolean;
  list: boolean;
  /** Tell of each image. */
  pictures: boolean;
  set: string[];
  checkpoint?: string;
  dataset?: string;
  format?: string;
  output?: string;
  methods?: string;
  isDataset: boolean;
  top: number;
}

/** Reads what follows the command's name. Throws a `UserError` with the command's usage. */
export function parseArguments(
  command: CommandName,
  args: string[],
  positionals: { least: number; most: number },
): Arguments {
  const usage = usages[command];
  let parsed;
  try {
    parsed = parseArgs({ args, options: options[command], allowPositionals: true });
  } catch (error) {
    throw errors.usage(reasonOf(error), usage);
  }
  const { least, most } = positionals;
  const given = parsed.positionals.length;
  if (given < least || given > most)
    throw errors.usage(
      l10n.t('{0} arguments are given, {1} expected.', given, least === most ? least : `${least}+`),
      usage,
    );
  const { top: likeliest = '5', ...values } = parsed.values as Partial<Omit<Arguments, 'top'>> & { top?: string };
  for (const name of required[command] ?? []) {
    if (!(values as Record<string, unknown>)[name])
      throw errors.usage(l10n.t('The option --{0} is missing.', name), usage);
  }
  const top = Number(likeliest);
  if (!Number.isInteger(top) || top < 1) throw errors.usage(l10n.t('--top must be a whole number above 0.'), usage);
  // The one option that is a switch in one command and takes a folder in the others.
  const isDataset = (values.dataset as unknown) === true;
  return {
    json: false,
    resume: false,
    profile: false,
    clear: false,
    list: false,
    pictures: false,
    set: [],
    ...values,
    isDataset,
    positionals: parsed.positionals,
    top,
  };
}
