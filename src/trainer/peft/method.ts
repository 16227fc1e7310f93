/** What a fine-tuning method says to the compiler: which weights train, what is added to the network, and where. */
import type { AdapterOptions, LoraOptions, MethodConfig, QuantizationOptions } from '../config/methodConfig.js';

export interface Method {
  /** Whether the weight of that name trains, be it the model's own or one that the method adds. */
  trains(name: string): boolean;
  /** Low-rank adaptation of the linear layer of that name, or undefined. */
  lora?(layer: string): LoraOptions | undefined;
  /** How the weight of the linear layer of that name is stored while it is frozen; in full where undefined. */
  quantization?(layer: string): QuantizationOptions | undefined;
  /** The bottleneck adapter at that place of a block, or undefined. */
  adapter?(place: string): AdapterOptions | undefined;
  /** What the learning rate of a parameter is multiplied by; 1 where absent. */
  learningRateScale?(name: string): number;
  head: {
    /** Width of a hidden layer; 0 for a linear head. */
    hidden: number;
    /** Dropout before the last layer. */
    dropout: number;
  };
}

/** What a method needs to know about a network: the depth of its weights and layers. */
export interface NetworkNames {
  /** Number of blocks. */
  blocks: number;
  /** 0 before the blocks, i + 1 in block i, `blocks` + 1 for what comes after them: the final norm and the head. */
  depthOf(name: string): number;
  /** Whether a weight or layer belongs to the classification head. */
  isHead(name: string): boolean;
  /** Whether a target module means the linear layer of that name. */
  matches(layer: string, target: string): boolean;
}

/** Whether a weight is one that a method adds to the model. */
export const isAdapter = (name: string): boolean => addedWeights.some((added) => name.endsWith(`.${added}`));

const addedWeights = [
  'lora_A.weight',
  'lora_B.weight',
  'lora_magnitude_vector',
  'adapter_down.weight',
  'adapter_down.bias',
  'adapter_up.weight',
  'adapter_up.bias',
];

/**
 * Whether parts of a weight's name that follow one another are those of `pattern`, in which * is anything within a
 * part.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const escaped = pattern.split('*').map((text) => text.replaceAll(/[.\\+?^${}()|[\]]/g, '\\$&'));
  return new RegExp(`(^|\\.)${escaped.join('[^.]*')}(\\.|$)`).test(name);
}

/**
 * What B A x is scaled by: alpha / rank (Hu et al., 2021, arXiv:2106.09685), or alpha / √rank (Kalajdzievski, 2023,
 * arXiv:2312.03732).
 */
export const loraScaling = ({ alpha, rank, useRslora }: LoraOptions): number =>
  alpha / (useRslora ? Math.sqrt(rank) : rank);

/** The bottleneck's width in a model of width `width`. */
export const bottleneckOf = ({ bottleneck, reductionFactor }: AdapterOptions, width: number): number =>
  bottleneck ?? Math.max(1, Math.floor(width / reductionFactor));

/**
 * Whether the placement has an adapter at `place`: Houlsby et al., 2019 (arXiv:1902.00751), put one after each
 * sublayer; Pfeiffer et al., 2021 (arXiv:2005.00247), after the MLP alone.
 */
const hasAdapter = ({ placement }: AdapterOptions, place: string): boolean =>
  placement === 'houlsby' || place.endsWith('.output_adapter');

/** What a whole model, as a file holds it, was trained by for all that it shows: nothing is added to it. */
export const wholeModel: MethodConfig = { type: 'full', layerDecay: 1 };

/** Width of the classifier's hidden layer, which is drawn at random where the rest is solved for; 0: it is linear. */
export const hiddenWidth = (method: MethodConfig): number =>
  method.type === 'head' ? (method.solver === 'ridge' ? method.projection : method.hidden) : 0;

const linearHead = { hidden: 0, dropout: 0 };

export function methodOf(config: MethodConfig, network: NetworkNames): Method {
  const { isHead } = network;
  switch (config.type) {
    case 'pretrained':
      return { trains: () => false, head: linearHead };
    case 'head':
      return { trains: isHead, head: { hidden: hiddenWidth(config), dropout: config.dropout } };
    case 'partial': {
      const first = network.blocks + 1 - config.blocks;
      return {
        trains: (name) =>
          network.depthOf(name) >= first || config.modules.some((pattern) => matchesPattern(name, pattern)),
        head: linearHead,
      };
    }
    case 'adapter':
      return {
        trains: (name) => isHead(name) || isAdapter(name),
        adapter: (place) => (hasAdapter(config, place) ? config : undefined),
        head: linearHead,
      };
    case 'lora':
    case 'qlora': {
      const { targetModules, layersToTransform } = config;
      const isTarget = (layer: string): boolean =>
        !isHead(layer) &&
        targetModules.some((target) => network.matches(layer, target)) &&
        (layersToTransform === undefined || layersToTransform.includes(network.depthOf(layer) - 1));
      return {
        trains: (name) => isHead(name) || isAdapter(name),
        lora: (layer) => (isTarget(layer) ? config : undefined),
        ...(config.type === 'qlora' ? { quantization: (layer: string) => (isHead(layer) ? undefined : config) } : {}),
        head: linearHead,
      };
    }
    case 'full': {
      // Bao et al., 2022 (BEiT, arXiv:2106.08254) and He et al., 2022 (MAE, arXiv:2111.06377): the head keeps the whole
      // rate.
      const scale = (name: string): number => config.layerDecay ** (network.blocks + 1 - network.depthOf(name));
      return { trains: () => true, learningRateScale: scale, head: linearHead };
    }
  }
}
