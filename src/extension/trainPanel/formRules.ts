/** What the form's numbers may be, read from the config's JSON Schema. */
import type { MethodName, NumberKey, NumberRule } from '../../webview/protocol.js';

/** The part of JSON Schema that is read here. */
export interface Schema {
  type?: string;
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const keys: NumberKey[] = [
  'method.rank',
  'method.alpha',
  'method.dropout',
  'epochs',
  'batchSize',
  'learningRate',
  'seed',
  'validationSplit',
  'warmupRatio',
  'weightDecay',
  'labelSmoothingFactor',
  'earlyStoppingPatience',
];

/** The usual learning rate of each method; the config's schema leaves the key out when it is not given. */
export const learningRates: Record<MethodName, number> = { head: 1e-3, lora: 1e-3, full: 5e-5 };

/** The layers of a vision transformer's block that LoRA can adapt, by the end of their names; `dense` are those of the output and the MLP. */
export const targetModules = ['query', 'key', 'value', 'dense'];

const branches = (schema: Schema): Schema[] => [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((branch) => [branch, ...branches(branch)]);

export function numberRules(schema: Schema): Record<NumberKey, NumberRule> {
  const lora = branches(schema.properties?.method ?? {}).find((branch) => branch.properties?.type?.const === 'lora');
  return Object.fromEntries(
    keys.map((key) => {
      const property = key.startsWith('method.') ? lora?.properties?.[key.slice('method.'.length)] : schema.properties?.[key];
      if (!property) throw new Error(`The config's schema has no ${key}`);
      return [key, ruleOf(property)];
    }),
  ) as Record<NumberKey, NumberRule>;
}

function ruleOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, default: usual }: Schema): NumberRule {
  return { integer: type === 'integer', minimum, maximum, exclusiveMinimum, exclusiveMaximum, default: typeof usual === 'number' ? usual : undefined };
}
