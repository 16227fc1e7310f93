/** The config's JSON Schema (draft 07), for the editor's completion and hovers and for the words of error messages. */
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { FormField } from './formField.js';
import { defaultMethod, learningRateWords, methodSchemas, type MethodName } from './methods.js';
import { buildSchema } from './schema.js';
import { testFileSchema } from './testsSchema.js';

/** The part of JSON Schema that the config's schema uses, with VS Code's additions. */
export interface JsonSchema {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  description?: string;
  markdownDescription?: string;
  /** What VS Code reports in place of its own words for a value that does not fit. */
  errorMessage?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  enumDescriptions?: string[];
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema | JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  defaultSnippets?: { label: string; description?: string; body: unknown }[];
  /** Of a method: what `learningRate` is when the config does not say. */
  'x-learningRate'?: string;
  /** What the training form shows of a key; a key without it is for the config file alone. */
  'x-form'?: FormField;
}

/** A method's object form with all its options, each a tab stop that starts at its default. */
function methodSnippets(): JsonSchema['defaultSnippets'] {
  return Object.entries(methodSchemas()).map(([name, schema]) => {
    const { type: _type, ...options } = schema.parse({ type: name }) as Record<string, unknown>;
    // `^` before a text means that VS Code inserts the rest as JSON rather than as a text.
    const stops = Object.entries(options).map(([key, value], i) => {
      if (Array.isArray(value)) return [key, value];
      return [key, typeof value === 'string' ? `\${${i + 1}:${value}}` : `^\${${i + 1}:${JSON.stringify(value)}}`];
    });
    return {
      label: `${name} {…}`,
      description: schema.description,
      body: { type: name, ...Object.fromEntries(stops) },
    };
  });
}

/** Each schema in the alternatives of `schema`, however deep they are nested. */
const alternatives = (schema: JsonSchema): JsonSchema[] =>
  [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((branch) => [branch, ...alternatives(branch)]);

const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.description) jsonSchema.markdownDescription = jsonSchema.description;
    },
  }) as JsonSchema;

/** That of a test file, likewise. */
export function testFileJsonSchema(): JsonSchema {
  const schema = jsonSchemaOf(testFileSchema());
  schema.defaultSnippets = [
    {
      label: l10n.t('ViTune: new tests of a model'),
      description: schema.description,
      body: { checkpoint: '${1:runs/flowers}', tests: { accuracy: '^${2:0.9}' } },
    },
  ];
  return schema;
}

/** The schema of a config in the current language of `@vscode/l10n`. */
export function configJsonSchema(): JsonSchema {
  const schema = jsonSchemaOf(buildSchema());
  const { method, dataset } = schema.properties!;
  method!.defaultSnippets = methodSnippets();
  for (const branch of alternatives(method!)) {
    const name = branch.properties?.type?.const as MethodName | undefined;
    if (name && name !== 'pretrained') branch['x-learningRate'] = learningRateWords(name);
    // Whichever branch the editor takes for the nearest: a wrong method is one of no branch.
    if (name)
      branch.properties!.type!.errorMessage = l10n.t(
        'There is no such method. Methods: {0}.',
        Object.keys(methodSchemas()).join(', '),
      );
  }
  dataset!.defaultSnippets = [
    { label: '"…"', description: l10n.t('One folder.'), body: '${1:photos}' },
    {
      label: '{ train, validation }',
      description: l10n.t('A folder for each split.'),
      body: { train: '${1:train}', validation: '${2:validation}' },
    },
    {
      label: '{ folder, columns }',
      description: l10n.t('A folder with a label file.'),
      body: { folder: '${1:photos}', columns: ['${2:label}'] },
    },
  ];
  const methods = [defaultMethod, ...Object.keys(methodSchemas()).filter((name) => name !== defaultMethod)];
  schema.defaultSnippets = [
    {
      label: l10n.t('ViTune: a new config'),
      description: schema.description,
      body: {
        model: '${1:embedded}',
        dataset: '${2:photos}',
        method: `\${3|${methods.join(',')}|}`,
        epochs: '^${4:10}',
      },
    },
  ];
  return schema;
}
