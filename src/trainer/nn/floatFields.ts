/** Fields of a config.json that transformers 5 requires to be floats, even for integers. */
export const floatFields: ReadonlySet<string> = new Set([
  'auxiliary_loss_weight',
  'initializer_factor',
  'initializer_range',
  'layer_norm_eps',
  'layer_scale_init_value',
  'layerscale_value',
  'mask_ratio',
  'pos_embed_jitter',
  'pos_embed_rescale',
  'pos_embed_shift',
  'rope_theta',
]);
