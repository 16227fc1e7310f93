/** Fields of transformers' config classes that change nothing of how an image is classified. */
// prettier-ignore
export const inertFields: ReadonlySet<string> = new Set([
  // What every config class has: bookkeeping, outputs, generation of text, training.
  '_name_or_path', 'add_cross_attention', 'architectures', 'bad_words_ids', 'begin_suppress_tokens', 'bos_token_id',
  'chunk_size_feed_forward', 'cross_attention_hidden_size', 'decoder_start_token_id', 'diversity_penalty',
  'do_sample', 'dtype', 'early_stopping', 'encoder_no_repeat_ngram_size', 'eos_token_id',
  'exponential_decay_length_penalty', 'finetuning_task', 'forced_bos_token_id', 'forced_eos_token_id', 'is_decoder',
  'is_encoder_decoder', 'length_penalty', 'max_length', 'min_length', 'no_repeat_ngram_size', 'num_beam_groups',
  'num_beams', 'num_return_sequences', 'output_attentions', 'output_hidden_states', 'output_scores', 'pad_token_id',
  'prefix', 'problem_type', 'remove_invalid_values', 'repetition_penalty', 'return_dict', 'return_dict_in_generate',
  'sep_token_id', 'suppress_tokens', 'task_specific_params', 'temperature', 'tf_legacy_loss', 'tie_encoder_decoder',
  'tie_word_embeddings', 'tokenizer_class', 'top_k', 'top_p', 'torch_dtype', 'torchscript', 'typical_p', 'use_bfloat16',
  // First values of weights, and what acts in transformers' own training alone.
  'drop_path_rate', 'initializer_factor', 'initializer_range', 'layerscale_value', 'logit_scale_init_value',
  'mask_ratio', 'norm_pix_loss', 'pos_embed_jitter', 'pos_embed_rescale', 'pos_embed_shift',
  // Other tasks: decoders, pooling, the text tower, backbones of detectors, segmentation.
  'add_fpn', 'apply_layernorm', 'auxiliary_channels', 'auxiliary_concat_input', 'auxiliary_loss_weight',
  'auxiliary_num_convs', 'decoder_hidden_size', 'decoder_intermediate_size', 'decoder_num_attention_heads',
  'decoder_num_hidden_layers', 'encoder_stride', 'out_features', 'out_indices', 'pool_scales', 'pooler_act',
  'pooler_output_size', 'projection_dim', 'reshape_hidden_states', 'semantic_loss_ignore_index', 'stage_names',
  'use_auxiliary_head', 'use_mask_token', 'vision_use_head', 'vocab_size',
]);
