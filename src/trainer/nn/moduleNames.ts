/**
 * The two sets of names that modules of one and the same network have: those of transformers 4, which files on the hub
 * and we use, and those of transformers 5.
 */

type Renamed = readonly (readonly [old: string, now: string])[];

/** Modules that transformers 5 renamed in DINOv2, too. */
const renamedAttention: Renamed = [
  ['attention.attention.query', 'attention.q_proj'],
  ['attention.attention.key', 'attention.k_proj'],
  ['attention.attention.value', 'attention.v_proj'],
  ['attention.output.dense', 'attention.o_proj'],
];
/** Modules that transformers 5 renamed in ViT, DeiT and BEiT, the longer first where one ends as another. */
const renamed: Renamed = [
  ['encoder.layer', 'layers'],
  ...renamedAttention,
  ['intermediate.dense', 'mlp.fc1'],
  ['output.dense', 'mlp.fc2'],
];

/** Replaces `from`, where it stands for whole modules in the name. */
const replaced = (name: string, from: string, to: string): string =>
  `.${name}.`.replace(`.${from}.`, `.${to}.`).slice(1, -1);

/** The name in transformers 5 of a weight or module that transformers 4 calls `name`. */
export const currentName = (name: string): string =>
  renamed.reduce((result, [old, now]) => replaced(result, old, now), name);

/** The name in transformers 4, whichever of the two is given. */
export const classicName = (name: string): string => classic(name, renamed);

/** The same for a network of which only the attention was renamed. */
export const classicAttentionName = (name: string): string => classic(name, renamedAttention);

const classic = (name: string, names: Renamed): string =>
  names.reduceRight((result, [old, now]) => replaced(result, now, old), name);

/** The target module that means in transformers 5 what `target`, the last parts of a name, means in transformers 4. */
export function currentTarget(target: string): string {
  const found = renamed.find(([old]) => old === target || old.endsWith(`.${target}`));
  return found ? found[1].split('.').slice(-target.split('.').length).join('.') : currentName(target);
}
