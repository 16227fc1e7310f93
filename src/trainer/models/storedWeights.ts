/** The weights of a whole model under the names of the class that loads it, which may keep several of ours as one. */
import type { Tensor } from '../checkpoint/safetensors.js';
import { familyOf } from '../nn/families.js';
import type { NetworkConfig } from '../nn/networkConfig.js';

/** Tensors of the graph as a file has them; of those that lie in one there, all must be given. */
export function asStored(config: NetworkConfig, tensors: readonly [string, Tensor][]): [string, Tensor][] {
  const family = familyOf(config);
  const all = new Map(tensors);
  return tensors.flatMap(([name, tensor]): [string, Tensor][] => {
    const place = family.storedParts?.(config, name);
    if (!place) return [[name, tensor]];
    return place.parts[0] === name ? [[place.stored, joined(place.parts.map((part) => all.get(part)!))]] : [];
  });
}

/** Tensors of a file that this version wrote by their names in the graph. */
export function asRead(config: NetworkConfig, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const { storedParts, weightNames } = familyOf(config);
  if (!storedParts) return new Map(tensors);
  return new Map(
    [...tensors].flatMap(([stored, tensor]): [string, Tensor][] => {
      const names = weightNames(config, stored);
      const size = tensor.data.length / names.length;
      const shape = [tensor.shape[0]! / names.length, ...tensor.shape.slice(1)];
      return names.map((name, i) =>
        names.length > 1 ? [name, { shape, data: tensor.data.slice(i * size, (i + 1) * size) }] : [name, tensor],
      );
    }),
  );
}

/** One tensor of several along their first axis. */
function joined(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0]!;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [parts.reduce((sum, { shape }) => sum + shape[0]!, 0), ...parts[0]!.shape.slice(1)], data };
}
