/** What a weight is for, which decides its weight decay, its optimizer and its first values. */
import type { Shape } from '../ir/op.js';

export type WeightRole = 'matrix' | 'bias' | 'norm' | 'scale' | 'embedding' | 'distanceBias';

/** The weights of a family that are neither the matrix nor the bias of a layer. */
export interface WeightRoles {
  /** Modules that normalise, by the end of their names. */
  norms: readonly string[];
  /** Learned tokens and positions, by the end of their names. */
  embeddings: readonly string[];
  /** Scales of residual branches, by the end of their names, and the value each begins with. */
  scales?: Readonly<Record<string, number>>;
  /** Tables of biases on the attention scores by distance, by the end of their names. */
  distanceBiases?: readonly string[];
}

/** Whether `name` is `end`, or ends in it after a dot. */
export const endsIn = (name: string, end: string): boolean => name === end || name.endsWith(`.${end}`);

const moduleOf = (weight: string): string => weight.slice(0, Math.max(0, weight.lastIndexOf('.')));

export function roleIn(roles: WeightRoles, name: string): WeightRole {
  const isOneOf = (ends: readonly string[] = []): boolean => ends.some((end) => endsIn(name, end));
  if (roles.norms.some((norm) => endsIn(moduleOf(name), norm))) return 'norm';
  if (isOneOf(roles.embeddings)) return 'embedding';
  if (isOneOf(Object.keys(roles.scales ?? {}))) return 'scale';
  if (isOneOf(roles.distanceBiases)) return 'distanceBias';
  return endsIn(name, 'bias') ? 'bias' : 'matrix';
}

/** Whether weight decay applies: as in transformers' Trainer, to neither biases nor norms. */
export const decays: Readonly<Record<WeightRole, boolean>> = {
  matrix: true,
  bias: false,
  norm: false,
  scale: true,
  embedding: true,
  distanceBias: false,
};

/** The constant that all values of a weight begin with; undefined where they are drawn at random. */
export function firstValueIn(roles: WeightRoles, name: string): number | undefined {
  if (endsIn(name, 'bias')) return 0;
  const role = roleIn(roles, name);
  if (role === 'norm') return 1;
  if (role === 'distanceBias') return 0;
  if (role !== 'scale') return undefined;
  return Object.entries(roles.scales ?? {}).find(([end]) => endsIn(name, end))![1];
}

/** A matrix of the body, which Muon can take; tokens, positions and convolutions are not. */
export const isMatrix = (role: WeightRole, shape: Shape): boolean => role === 'matrix' && shape.length === 2;
