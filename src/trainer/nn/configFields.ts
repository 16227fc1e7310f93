/**
 * The fields of a model's `config.json`, each read with its bounds: throws a `UserError` that names an invalid field.
 */
import * as l10n from '@vscode/l10n';
import { errors, UserError } from '../errors/errors.js';
import { activations } from './layers.js';

export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class ConfigFields {
  constructor(
    readonly json: Fields,
    readonly file: string,
  ) {}

  invalid(name: string, expected: string): Error {
    return errors.modelConfigInvalid(this.file, name, expected);
  }

  /**
   * A whole number from 1 to `most`, which lies far above any model there is: a number beyond would only exhaust the
   * memory.
   */
  count(name: string, fallback: number, most: number, least = 1): number {
    const value = this.json[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.invalid(name, l10n.t('a whole number from {0} to {1}', least, most));
    return value;
  }

  /** A number from 0 to below 1. */
  share(name: string, fallback: number): number {
    const value = this.json[name] ?? fallback;
    if (typeof value !== 'number' || !(value >= 0 && value < 1))
      throw this.invalid(name, l10n.t('a number from 0 to below 1'));
    return value;
  }

  /** Null is refused: to Python it means false, whatever the default. */
  flag(name: string, fallback: boolean): boolean {
    const { [name]: value = fallback } = this.json;
    if (typeof value !== 'boolean') throw this.invalid(name, l10n.t('true or false'));
    return value;
  }

  /** The name of an activation function that we know. */
  activation(name: string, fallback: string): string {
    const value = String(this.json[name] ?? fallback);
    if (!Object.hasOwn(activations, value)) throw this.invalid(name, Object.keys(activations).join(', '));
    return value;
  }

  /**
   * Sizes that every transformer on patches has, under the names and with the defaults that transformers gives them.
   */
  sizes(
    defaults: { imageSize?: number; patchSize?: number; hiddenSize?: number; layers?: number; heads?: number } = {},
  ) {
    const sizes = {
      imageSize: this.side('image_size', defaults.imageSize ?? 224, 8192),
      patchSize: this.side('patch_size', defaults.patchSize ?? 16, 1024),
      hiddenSize: this.count('hidden_size', defaults.hiddenSize ?? 768, 16384),
      layers: this.count('num_hidden_layers', defaults.layers ?? 12, 512),
      heads: this.count('num_attention_heads', defaults.heads ?? 12, 1024),
    };
    if (this.count('num_channels', 3, 1024) !== 3) throw this.invalid('num_channels', '3');
    if (sizes.hiddenSize % sizes.heads)
      throw this.invalid('hidden_size', l10n.t('a multiple of num_attention_heads ({0})', sizes.heads));
    // What is left at the edges where patches do not fit is not used, as by a convolution.
    if (sizes.imageSize < sizes.patchSize)
      throw this.invalid('image_size', l10n.t('at least patch_size ({0})', sizes.patchSize));
    return sizes;
  }

  /** The side of a square, which may be written as a list of two. */
  private side(name: string, fallback: number, max: number): number {
    const value = this.json[name];
    if (!Array.isArray(value)) return this.count(name, fallback, max);
    const [first, second] = value as unknown[];
    if (value.length !== 2 || first !== second) throw this.invalid(name, l10n.t('the side of a square'));
    return new ConfigFields({ [name]: first }, this.file).count(name, fallback, max);
  }

  /** Names of the classes in the order of their numbers; none when the config names none. */
  labels(): string[] {
    const { id2label, num_labels: count } = this.json;
    if (id2label === undefined || id2label === null) {
      if (count === undefined || count === null) return [];
      return defaultLabels(this.count('num_labels', 2, 1_000_000));
    }
    const expected = l10n.t('an object from 0, 1, 2, … to names');
    if (!isObject(id2label)) throw this.invalid('id2label', expected);
    return Object.keys(id2label).map((_, i) => {
      if (!Object.hasOwn(id2label, String(i))) throw this.invalid('id2label', expected);
      const label = id2label[String(i)];
      if (label === null) return defaultLabel(i);
      if (typeof label !== 'string' && typeof label !== 'number') throw this.invalid('id2label', expected);
      return String(label);
    });
  }

  /** The same, but none where they make no sense: who trains a new head does not need them. */
  labelsIfValid(): string[] {
    try {
      return this.labels();
    } catch (error) {
      if (error instanceof UserError) return [];
      throw error;
    }
  }
}

/** What transformers calls a class that has no name. */
const defaultLabel = (index: number): string => `LABEL_${index}`;

/** The names of so many classes without names: two where a config.json says nothing of them. */
export const defaultLabels = (count = 2): string[] => Array.from({ length: count }, (_, i) => defaultLabel(i));
