/** The registry of model families, and the functions that dispatch to the family of a network. */
import * as l10n from '@vscode/l10n';
import { errors } from '../errors/errors.js';
import { ConfigFields, isObject, type Fields } from './configFields.js';
import { beit } from './families/beit.js';
import { clip } from './families/clip.js';
import { dinov2, dinov2WithRegisters } from './families/dinov2.js';
import { dinov3 } from './families/dinov3.js';
import { onnx } from './families/onnx.js';
import { siglip } from './families/siglip.js';
import { timm } from './families/timm.js';
import { deit, vit } from './families/vit.js';
import type { Family } from './family.js';
import type { NetworkConfig } from './networkConfig.js';

export const families: readonly Family[] = [
  vit,
  deit,
  dinov2,
  dinov2WithRegisters,
  dinov3,
  clip,
  siglip,
  beit,
  timm,
  onnx,
];

/** Architectures of `config.json` that are understood. */
export const architectures: readonly string[] = families.flatMap((family) => family.architectures);

/**
 * Reads a parsed config.json; throws a `UserError` that names the field when one is missing, impossible or not
 * understood.
 */
export function parseNetwork(json: unknown, file: string): NetworkConfig {
  if (!isObject(json)) throw errors.modelConfigInvalid(file, 'config.json', l10n.t('an object'));
  const [first] = Array.isArray(json.architectures) ? (json.architectures as unknown[]) : [];
  const architecture = first === undefined ? undefined : String(first);
  // timm's config.json may name a class of transformers beside its own; its weights are timm's.
  const isOfTimm = typeof json.architecture === 'string';
  for (const family of isOfTimm ? families.filter((each) => each.statedPreprocessor) : families) {
    const config = family.parse(new ConfigFields(json, file), architecture);
    if (config) {
      checkFields(json, file);
      return config;
    }
  }
  const name = architecture ?? String(json.architecture ?? json.model_type ?? '?');
  throw isObject(json.auto_map) ? errors.remoteCode(file, name) : errors.architectureUnknown(file, name, architectures);
}

/** Fields of any config class that change the network, and are known only where they are off. */
export const refusedFields: readonly string[] = ['pruned_heads', 'quantization_config'];

/** Throws a `UserError` for a field that would be ignored although it changes the outputs. */
function checkFields(json: Fields, file: string): void {
  for (const name of refusedFields)
    for (const [where, fields] of [
      ['', json],
      ['vision_config.', isObject(json.vision_config) ? json.vision_config : {}],
    ] as const) {
      const value = fields[name];
      if (isObject(value) ? Object.keys(value).length : value)
        throw new ConfigFields(json, file).invalid(`${where}${name}`, l10n.t('left out: ViTune does not know it'));
    }
}

/** The family that builds the network. */
export function familyOf({ family }: NetworkConfig): Family {
  const found = families.find(({ name }) => name === family);
  if (!found) throw new Error(`no family ${family}`);
  return found;
}

/** Module names of the blocks, from the input to the head, e.g. `vit.encoder.layer.3`. */
export const blocksOf = (config: NetworkConfig): readonly string[] => familyOf(config).blocks(config);

/**
 * How deep a weight or module lies: 0 before the blocks (patches, tokens, positions), i + 1 in block i, `layers` + 1
 * after them (final norm, head); the numbering of BEiT's layer-wise learning rates (Bao et al., 2022,
 * arXiv:2106.08254).
 */
export function depthOf(config: NetworkConfig, name: string): number {
  const block = blocksOf(config).findIndex((module) => name === module || name.startsWith(`${module}.`));
  if (block >= 0) return block + 1;
  return familyOf(config).isStem(config, name) ? 0 : config.layers + 1;
}
