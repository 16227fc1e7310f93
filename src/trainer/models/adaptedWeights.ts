/** The weights of a base as a PEFT adapter changes them: whole modules replaced, and low-rank updates folded in. */
import type { Tensor } from '../checkpoint/safetensors.js';
import { errors } from '../errors/errors.js';
import { sizeOf } from '../ir/shape.js';
import type { Shape } from '../ir/op.js';
import { mergeLowRank } from '../peft/merge.js';
import { residual } from '../peft/residual.js';
import { decompositionOf, strengthsOf, type AdapterConfig } from './adapterConfig.js';
import type { AdaptedModule, AdapterTensors, Part } from './adapterTensors.js';

interface Adaptation {
  adapter: AdapterConfig;
  tensors: AdapterTensors;
  /** Of the tensors and of the config, for messages. */
  file: string;
  configFile: string;
  /** Undefined for a weight that the network does not have. */
  shapeOf: (weight: string) => Shape | undefined;
  weightOfBase: (weight: string, shape: Shape) => Float32Array;
}

/** All weights that differ from the base's. Throws a `UserError` where a tensor does not fit. */
export function changedWeights(o: Adaptation): Map<string, Float32Array> {
  const { adapter, tensors, file, configFile, shapeOf, weightOfBase } = o;
  const changed = new Map<string, Float32Array>();
  /** The rows of a weight that a part is, to be changed in place. */
  const rowsOf = ({ weight, index, count }: Part): Float32Array => {
    const shape = shapeOf(weight)!;
    const whole = changed.get(weight) ?? weightOfBase(weight, shape).slice();
    changed.set(weight, whole);
    const size = whole.length / count;
    return whole.subarray(index * size, (index + 1) * size);
  };
  for (const { part, tensor, stored } of tensors.saved) {
    const [first, ...rest] = shapeOf(part.weight)!;
    const expected = [first! / part.count, ...rest];
    if (tensor.shape.join() !== expected.join()) throw errors.adapterNotOfBase(file, stored);
    // A head of another size than the base's has no rows of the base.
    if (part.count === 1) changed.set(part.weight, tensor.data);
    else rowsOf(part).set(tensor.data);
  }
  const used = tensors.adapted;
  const strengthOf = strengthsOf(
    adapter,
    configFile,
    used.map(({ module }) => module),
  );
  for (const each of used) {
    const shape = shapeOf(each.part.weight);
    // A layer of the base that the network does not need.
    if (!shape) continue;
    const [rows, ...rest] = shape;
    fold(o, each, { shape: [rows! / each.part.count, ...rest], ...strengthOf(each.module), rowsOf });
  }
  return changed;
}

function fold(
  { adapter, file, configFile, shapeOf }: Adaptation,
  { module, part, tensors }: AdaptedModule,
  {
    shape,
    rank,
    scaling,
    rowsOf,
  }: { shape: Shape; rank: number; scaling: number; rowsOf: (part: Part) => Float32Array },
): void {
  const need = (name: 'lora_A.weight' | 'lora_B.weight'): Tensor => {
    const found = tensors[name];
    if (!found) throw errors.weightMissing(file, `${module}.${name}`);
    return found;
  };
  const [down, up] = [need('lora_A.weight'), need('lora_B.weight')];
  const magnitude = tensors.lora_magnitude_vector;
  const [out] = shape as [number];
  const fits =
    up.shape[0] === out &&
    up.data.length === out * down.shape[0]! &&
    down.data.length * out === sizeOf(shape) * down.shape[0]!;
  if (!fits || (magnitude && magnitude.data.length !== out)) throw errors.adapterNotOfBase(file, module);
  if (down.shape[0] !== rank) throw errors.adapterRank(configFile, module, down.shape[0]!, rank);
  if ((magnitude !== undefined) !== (adapter.use_dora ?? false)) throw errors.adapterUnsupported(file, 'use_dora');
  const width = sizeOf(shape) / out;
  const rows = rowsOf(part);
  const init = decompositionOf(adapter);
  if (init && (shape.length !== 2 || rank > Math.min(out, width)))
    throw errors.adapterInitUnsupported(configFile, `${init} (${module})`);
  const base = init ? residual(rows, width, { init, rank, scaling }) : rows;
  rows.set(mergeLowRank(base, { down: down.data, up: up.data, rank, scaling, magnitude: magnitude?.data }));
  const shift = tensors['lora_B.bias'];
  if (!shift) return;
  const bias = part.weight.replace(/weight$/, 'bias');
  if (!shapeOf(bias)) throw errors.adapterUnsupported(file, `lora_bias (${module})`);
  const shifted = rowsOf({ ...part, weight: bias });
  shift.data.forEach((value, i) => (shifted[i]! += scaling * value));
}
