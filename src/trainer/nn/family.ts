/**
 * What a model family is to the rest of the trainer; one file a family, listed in `families.ts` (guide:
 * docs/adding-a-family.md).
 */
import type { Value } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import type { ConfigFields, Fields } from './configFields.js';
import type { PixelNorm } from './layers.js';
import type { Renames } from './moduleNames.js';
import type { NetworkConfig } from './networkConfig.js';
import type { Scope } from './scope.js';
import type { WeightRoles } from './weightRoles.js';

/** How a weight that depends on the image size is brought to another. */
export interface Resizing {
  /** The weight's shape at the model's own image size. */
  shape: Shape;
  /** The weight for images of `imageSize` pixels a side. */
  to(data: Float32Array, imageSize: number): Float32Array;
}

export interface Family<C extends NetworkConfig = NetworkConfig> {
  readonly name: string;
  /** The `architectures` of a config.json that it understands, as messages list them. */
  readonly architectures: readonly string[];
  /**
   * Reads a config.json whose first architecture, if it names one, is `architecture`; undefined when it is of another
   * family.
   */
  parse(fields: ConfigFields, architecture: string | undefined): C | undefined;
  /**
   * The config.json of a checkpoint of a network that began as the model of config.json `json`; the fields by which
   * transformers names `labels` come from elsewhere.
   */
  checkpointJson(json: Fields, config: C, labels: readonly string[]): Fields;
  /**
   * Names in the graph of a weight that a file calls `stored`: usually one; several share it out evenly along its first
   * axis; none when the graph does not read it.
   */
  weightNames(config: C, stored: string): readonly string[];
  /**
   * Where the class that loads a checkpoint keeps a weight of the graph: as one of `parts`, in their order along the
   * first axis of the tensor `stored`; undefined where under its own name.
   */
  storedParts?(config: C, name: string): { stored: string; parts: readonly string[] } | undefined;
  /** Whether PEFT would find other layers in the class that loads a checkpoint than methods do in the graph. */
  readonly notForPeft?: true;
  /** The class of its image processor in transformers, without `ImageProcessor`: what a file that names none means. */
  readonly processor: string;
  /** What says instead of a preprocessor_config.json how images are prepared, if the config.json is of that kind. */
  statedPreprocessor?(json: Fields): Fields | undefined;
  /** How many classes the config.json says the network has without a name for them, if it is of that kind. */
  statedClasses?(json: Fields): number | undefined;
  /** The preprocessor_config.json that published models of the family have, at the size of this model. */
  usualPreprocessor(config: C, json: Fields): Fields;
  /** Whether transformers' class takes other image sizes than that of config.json by itself. */
  readonly interpolates?: true;
  /** What is to be done to the weight `name` for another image size; undefined when it does not depend on it. */
  resizing(config: C, name: string): Resizing | undefined;
  /** Module names of the blocks, from the input to the head. */
  blocks(config: C): readonly string[];
  /** Which weights of the body are not plain matrices and biases. */
  readonly roles: WeightRoles;
  /** What transformers 5 calls its modules, where not as transformers 4 does. */
  readonly transformers5?: Renames;
  /** Linear layers of transformers' class that its classification does not need, so that the graph has none of them. */
  readonly unusedLayers?: readonly string[];
  /** Words of other families for layers of this one: `query` for `q_proj`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Its body has no place where patches could be left out of training. */
  readonly keepsAllTokens?: true;
  /** Whether a weight of the body comes before the first block. */
  isStem(config: C, name: string): boolean;
  /** The features [batch, `features`] of uint8 `images` [batch, height, width, 3], one for each of `classifiers`. */
  body(s: Scope, config: C, images: Value, norm: PixelNorm): readonly Value[];
}
