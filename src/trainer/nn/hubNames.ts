/** Names of weights as files on the hub bear them, from those that transformers 5 gives the same modules. */

const renamed: readonly (readonly [from: RegExp, to: string])[] = [
  [/(^|\.)layers\.(?=\d+\.)/, '$1encoder.layer.'],
  [/\.attention\.q_proj\./, '.attention.attention.query.'],
  [/\.attention\.k_proj\./, '.attention.attention.key.'],
  [/\.attention\.v_proj\./, '.attention.attention.value.'],
  [/\.attention\.o_proj\./, '.attention.output.dense.'],
  [/(?<=layer\.\d+)\.(?:attention\.)?relative_position_bias\.(?=relative_position_bias_table$)/, '.attention.attention.relative_position_bias.'],
];
/** DINOv2's MLP is called so in both. */
const renamedMlp: typeof renamed = [
  [/\.mlp\.fc1\./, '.intermediate.dense.'],
  [/\.mlp\.fc2\./, '.output.dense.'],
];

/** The hub's name of a weight of ViT, DeiT, BEiT or, with `keepsMlp`, DINOv2; others and names that are the hub's already come back as they are. */
export function hubName(name: string, keepsMlp = false): string {
  if (!/(^|\.)layers\.\d+\./.test(name)) return name;
  return [...renamed, ...(keepsMlp ? [] : renamedMlp)].reduce((result, [from, to]) => result.replace(from, to), name);
}
