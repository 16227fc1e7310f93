/** The tensors of a PEFT adapter file, sorted by the weights of the network that they change or replace. */
import { readSafetensors, requireFinite, type Tensor } from '../checkpoint/safetensors.js';
import { errors } from '../errors/errors.js';
import type { Shape } from '../ir/op.js';

/** A part of a weight's rows: all of them where it is the only one. */
export interface Part {
  weight: string;
  index: number;
  count: number;
}

const lowRankParts = ['lora_A.weight', 'lora_B.weight', 'lora_B.bias', 'lora_magnitude_vector'] as const;
type LowRankPart = (typeof lowRankParts)[number];

/** A module with an adapter, under the name that PEFT knows. */
export interface AdaptedModule {
  /** Without the `.weight`. */
  module: string;
  part: Part;
  tensors: Partial<Record<LowRankPart, Tensor>>;
}

export interface AdapterTensors {
  adapted: AdaptedModule[];
  /** Tensors that replace rows of a weight of the base. */
  saved: { part: Part; tensor: Tensor; stored: string }[];
}

/** What the file's names are held against. */
export interface KnownNames {
  /** Weights that the network has, with their shapes. */
  weights: ReadonlyMap<string, Shape>;
  /** Further weights of the base; adapters of these do not change the outputs. */
  unused: ReadonlySet<string>;
  /** What transformers 5 calls a weight. */
  transformers5: (weight: string) => readonly string[];
  /** Whether a name is timm's for weights of the network; its query, key and value are one layer. */
  isOfTimm: (weight: string) => boolean;
  isTarget: (module: string, isLinear: boolean) => boolean;
  /** Whether the file must have a weight whole. */
  isSaved: (weight: string) => boolean;
}

/** Weights by the name that one library has for them. */
type Naming = ReadonlyMap<string, Part>;

function namingsOf({ weights, unused, transformers5 }: KnownNames): Naming[] {
  const namesOf = [(weight: string): readonly string[] => [weight], transformers5];
  return namesOf.map(
    (names) =>
      new Map(
        [...weights.keys(), ...unused].flatMap((weight) =>
          names(weight).map((name, index, { length }) => [name, { weight, index, count: length }] as const),
        ),
      ),
  );
}

/** A tensor's name in the file: the weight it is about and, of an adapter's, which of its tensors. */
function read(stored: string): { weight: string; lowRank?: LowRankPart } {
  const name = stored.replace(/^base_model\.model\./, '').replace('.modules_to_save.', '.');
  for (const part of lowRankParts)
    for (const written of part === 'lora_magnitude_vector' ? [`${part}.weight`, part] : [part])
      if (name.endsWith(`.${written}`)) return { weight: `${name.slice(0, -written.length)}weight`, lowRank: part };
  // What is adapted under its plain name, too, would be counted twice.
  return { weight: name.replace('.base_layer.', '.') };
}

const moduleOf = (weight: string): string => weight.replace(/\.weight$/, '');

/** Reads the file; throws a `UserError` for a tensor that the network has no place for. */
export async function readAdapterTensors(file: string, known: KnownNames): Promise<AdapterTensors> {
  const { tensors } = await readSafetensors(file);
  requireFinite(tensors, file);
  // PEFT keeps the untrained copy of a module that was trained whole, and does not use it.
  const entries = [...tensors]
    .filter(([stored]) => !stored.includes('.original_module.'))
    .map(([stored, tensor]) => ({ stored, tensor, ...read(stored) }));
  const unknown = entries.find(({ weight, lowRank }) => !lowRank && weight.includes('.lora_'));
  if (unknown) throw errors.adapterUnsupported(file, unknown.weight);

  const isLinear = ({ weight }: Part): boolean => (known.weights.get(weight)?.length ?? 2) === 2;
  const isUsed = (naming: Naming, { weight, lowRank }: (typeof entries)[number]): boolean => {
    const part = naming.get(weight);
    return part !== undefined && (!lowRank || known.isTarget(moduleOf(weight), isLinear(part)));
  };
  const namings = namingsOf(known);
  const used = namings.map((naming) => entries.filter((entry) => isUsed(naming, entry)));
  const best = used[1]!.length > used[0]!.length ? 1 : 0;
  const naming = namings[best]!;
  for (const { weight, lowRank } of entries) {
    const part = namings.map((each) => each.get(weight)).find((found) => found !== undefined);
    if (part === undefined)
      throw known.isOfTimm(weight) ? errors.adapterOfTimm(file, weight) : errors.adapterNotOfBase(file, weight);
    // A file may hold everything under both libraries' names.
    const isThere = used[best]!.some((entry) => naming.get(entry.weight)!.weight === part.weight);
    if (!isThere) throw errors.adapterNotTargeted(file, lowRank ? moduleOf(weight) : weight);
  }

  for (const [name, { weight }] of naming)
    if (known.weights.has(weight) && known.isSaved(name) && !used[best]!.some((entry) => entry.weight === name))
      throw errors.weightMissing(file, name);

  const adapted = new Map<string, AdaptedModule>();
  const saved: AdapterTensors['saved'] = [];
  for (const { stored, tensor, weight, lowRank } of used[best]!) {
    const part = naming.get(weight)!;
    if (known.unused.has(part.weight) && !lowRank) continue;
    if (!lowRank) {
      saved.push({ part, tensor, stored });
      continue;
    }
    const module = moduleOf(weight);
    const before = adapted.get(module)?.tensors;
    adapted.set(module, { module, part, tensors: { ...before, [lowRank]: tensor } });
  }
  return { adapted: [...adapted.values()], saved };
}
