/** `docs/config.md`: every key of a config with what it allows, its default and what it means, made from the schema. */
import { wrap } from '../core/wrap.js';
import { allowed } from './allowed.js';
import { configJsonSchema, type JsonSchema } from './jsonSchema.js';

const branchesOf = (schema: JsonSchema): JsonSchema[] => [
  schema,
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(branchesOf),
];

/** The meaning of each word that a key may have, after the meaning of the key itself. */
function meaningOf(schema: JsonSchema): string {
  const words = branchesOf(schema).flatMap(({ enum: values = [], enumDescriptions = [] }) =>
    values.map((value, i) => `\`${String(value)}\`: ${enumDescriptions[i] ?? ''}`),
  );
  return [schema.description ?? '', ...words].join(' ');
}

/** The objects among what a key allows. */
const objectsOf = (schema: JsonSchema): JsonSchema[] => branchesOf(schema).filter(({ properties }) => properties);

function allowedOf(schema: JsonSchema): string {
  const simple = branchesOf(schema).filter((branch) => !branch.anyOf && !branch.oneOf && !branch.properties);
  return [...(simple.length > 0 ? [allowed(simple)] : []), ...(objectsOf(schema).length > 0 ? ['an object'] : [])].join(
    ', or ',
  );
}

/** A bullet for each key, at most 120 columns wide. */
function bulletsOf({ properties = {}, required = [] }: JsonSchema): string[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const usual = property.default === undefined ? '' : ` Default: \`${JSON.stringify(property.default)}\`.`;
    const words = `${allowedOf(property)}.${required.includes(key) ? ' Required.' : usual} ${meaningOf(property)}`;
    return wrap(`- \`${key}\`: ${words}`, 118).map((line, i) => (i > 0 ? `  ${line}` : line));
  });
}

/** The sections of the objects below a key: `dataset`, `method: lora`, `augmentation.randAugment`. */
function sectionsBelow(schema: JsonSchema, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    objectsOf(property).flatMap((object) => {
      const name = `${path}${key}`;
      const type = object.properties!.type?.const;
      const all = Object.keys(object.properties!);
      const keys = [...all.slice(0, 3), ...(all.length > 3 ? ['…'] : [])].join(', ');
      const title = type === undefined ? `${name}: { ${keys} }` : `${name}: ${String(type)}`;
      return [`## ${title}`, '', ...bulletsOf(object), '', ...sectionsBelow(object, `${name}.`)];
    }),
  );
}

export function configPage(): string {
  const schema = configJsonSchema();
  return [
    '# The config file',
    '',
    '<!-- Made from src/trainer/config/schema.ts and methods.ts by `npm run docs`. Do not edit. -->',
    '',
    schema.description ?? '',
    'A config is JSON in a file whose name ends in `.vitune.json` or `.vitune.jsonc`; comments and trailing commas are',
    'allowed. [What the editor knows of it](config-editing.md).',
    '`vitune train CONFIG --set KEY=VALUE` changes a key for one run, e.g. `--set method.rank=4`.',
    '',
    ...bulletsOf(schema),
    '',
    ...sectionsBelow(schema),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
