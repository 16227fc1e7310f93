/** The description of a network, the same for every model family, whatever the names in its config.json. */
export interface NetworkConfig {
  /** Name of the family, whose file in `families/` builds the graph. */
  family: string;
  /** Side of the input and of a patch in pixels. */
  imageSize: number;
  patchSize: number;
  /** Width of a token. */
  hiddenSize: number;
  /** Blocks, and attention heads in each. */
  layers: number;
  heads: number;
  hiddenDropout: number;
  attentionDropout: number;
  labels: string[];
  /** The class under which transformers loads such a network with a classification head. */
  architecture: string;
  /** Modules of the classification head: one for each of the features that the body gives. */
  classifiers: readonly string[];
  /** Width of each of these features. */
  features: number;
}
