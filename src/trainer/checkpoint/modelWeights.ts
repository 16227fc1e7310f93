/** The weights of a Hugging Face model folder, whether in one safetensors file or in shards with an index. */
import { basename, join } from 'node:path';
import { isThere, readTextInput } from '../core/files.js';
import { errors, reasonOf } from '../errors/errors.js';
import { openSafetensors, type TensorReader } from './safetensors.js';
import type { TensorEntry } from './safetensorsHeader.js';

/** A model's tensors, and the files they lie in (absolute or relative as the folder was given), e.g. to hash them. */
export interface ModelWeights extends TensorReader {
  readonly files: readonly string[];
}

const single = 'model.safetensors';
const index = 'model.safetensors.index.json';
const pickle = 'pytorch_model.bin';

/** The index's `weight_map`: the shard of each tensor, by name. */
async function readIndex(path: string): Promise<Map<string, string>> {
  let map: unknown;
  try {
    map = (JSON.parse(await readTextInput(path)) as { weight_map?: unknown } | null)?.weight_map;
  } catch (error) {
    throw errors.safetensors.indexInvalid(path, reasonOf(error));
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw errors.safetensors.indexInvalid(path, 'weight_map');
  const shards = Object.entries(map);
  for (const [name, shard] of shards) {
    // A shard is a file next to the index, never one elsewhere on the disk.
    if (typeof shard !== 'string' || shard === '' || shard === '..' || /[\\/]/.test(shard)) {
      throw errors.safetensors.indexInvalid(path, `weight_map: ${name}`);
    }
  }
  return new Map(shards as [string, string][]);
}

async function openShards(indexPath: string, folder: string): Promise<ModelWeights> {
  const shardOf = await readIndex(indexPath);
  const readers = new Map<string, TensorReader>();
  const close = async () => void (await Promise.all([...readers.values()].map((reader) => reader.close())));
  try {
    const entries = new Map<string, TensorEntry>();
    for (const [name, shard] of shardOf) {
      const path = join(folder, shard);
      if (!readers.has(shard)) {
        if (!(await isThere(path))) throw errors.shardMissing(indexPath, shard);
        readers.set(shard, await openSafetensors(path));
      }
      const entry = readers.get(shard)!.entries.get(name);
      if (!entry) throw errors.safetensors.notInShard(path, name, basename(indexPath));
      entries.set(name, entry);
    }
    const readerOf = (name: string): TensorReader => {
      const reader = readers.get(shardOf.get(name) ?? '');
      if (!reader) throw new Error(`${indexPath}: no tensor '${name}'`);
      return reader;
    };
    const metadata = Object.assign({}, ...[...readers.values()].map((reader) => reader.metadata)) as Record<
      string,
      string
    >;
    return {
      entries,
      metadata,
      files: [indexPath, ...[...readers.keys()].map((shard) => join(folder, shard))],
      read: (name) => readerOf(name).read(name),
      readNow: (name, target) => readerOf(name).readNow(name, target),
      placeOf: (name) => readerOf(name).placeOf(name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens `model.safetensors`, or the shards of `model.safetensors.index.json`. Close it.
 * @throws UserError when there is neither, or when a file is damaged.
 */
export async function openModelWeights(folder: string): Promise<ModelWeights> {
  const path = join(folder, single);
  if (await isThere(path)) return { ...(await openSafetensors(path)), files: [path] };
  if (await isThere(join(folder, index))) return openShards(join(folder, index), folder);
  if (await isThere(join(folder, pickle))) throw errors.weightsArePickle(join(folder, pickle));
  throw errors.weightsMissing(folder, [single, index]);
}
