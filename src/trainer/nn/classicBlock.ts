/** What ViT, DeiT, BEiT and DINOv2 have in common: names of a block's modules in transformers 4 and 5, and the head. */
import type { BlockSpec } from './block.js';
import type { Renames } from './moduleNames.js';
import type { NetworkConfig } from './networkConfig.js';

export const attentionNames = {
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  output: 'attention.output.dense',
};

export const classicNames: BlockSpec['names'] = {
  norm1: 'layernorm_before',
  ...attentionNames,
  norm2: 'layernorm_after',
};

/** The two layers of a block's MLP. */
export const classicMlp = ['intermediate.dense', 'output.dense'] as const;

export const renamedAttention: Renames = [
  [attentionNames.query, 'attention.q_proj'],
  [attentionNames.key, 'attention.k_proj'],
  [attentionNames.value, 'attention.v_proj'],
  [attentionNames.output, 'attention.o_proj'],
];

/** `attention.output.dense` before `output.dense`, which it ends in. */
export const renamedBlocks: Renames = [
  ['encoder.layer', 'layers'],
  ...renamedAttention,
  ['intermediate.dense', 'mlp.fc1'],
  ['output.dense', 'mlp.fc2'],
];

/** Module names of the blocks of the family of that name. */
export const classicBlocks = (family: string, { layers }: Pick<NetworkConfig, 'layers'>): readonly string[] =>
  Array.from({ length: layers }, (_, i) => `${family}.encoder.layer.${i}`);

/** The fields that say what the head of a network with one linear classifier reads. */
export const oneClassifier = (architecture: string, features: number) => ({
  architecture,
  classifiers: ['classifier'],
  features,
});
