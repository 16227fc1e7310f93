/** What a fine-tuning method says to the compiler: which weights train, and which linear layers carry an adapter. */

export interface LoraOptions {
  rank: number;
  /** The adapter's output is scaled by alpha / rank. */
  alpha: number;
  dropout: number;
  /** Last parts of the names of the linear layers to adapt, e.g. `query`; `all-linear` means every one but the head. */
  targetModules: readonly string[];
}

export interface Method {
  /** Whether the model's own weight of that name trains. */
  trains(name: string): boolean;
  /** Low-rank adaptation of the linear layer of that name, or undefined. */
  lora?(layer: string): LoraOptions | undefined;
  /** Dropout before the head. */
  headDropout: number;
}

const headNames = ['classifier', 'cls_classifier', 'distillation_classifier'];

/** Whether a weight or layer belongs to the classification head. */
export const isHead = (name: string): boolean => headNames.some((head) => name === head || name.startsWith(`${head}.`));

/** Whether a weight is one that a method adds to the model. */
export const isAdapter = (name: string): boolean => /\.lora_[AB]\.weight$/.test(name);

/** As PEFT matches `target_modules`: the whole name or its last parts. */
export const matchesModule = (layer: string, target: string): boolean =>
  target === 'all-linear' ? !isHead(layer) : layer === target || layer.endsWith(`.${target}`);

export type MethodConfig = { type: 'head'; dropout: number } | ({ type: 'lora' } & Omit<LoraOptions, 'type'>) | { type: 'full' };

export function methodOf(config: MethodConfig): Method {
  switch (config.type) {
    case 'head':
      return { trains: isHead, headDropout: config.dropout };
    case 'lora':
      return {
        trains: (name) => isHead(name) || isAdapter(name),
        lora: (layer) => (!isHead(layer) && config.targetModules.some((target) => matchesModule(layer, target)) ? config : undefined),
        headDropout: 0,
      };
    case 'full':
      return { trains: () => true, headDropout: 0 };
  }
}
