/**
 * The image tower of SigLIP (Zhai et al., 2023, arXiv:2303.15343) and, at a fixed size, SigLIP 2 (Tschannen et al.,
 * 2025, arXiv:2502.14786).
 */
import type { Value } from '../../ir/value.js';
import { embeddings, imageTower, positions, tower, towerEncoder, type ImageTowerConfig } from '../imageTower.js';
import { keptRows, layerNorm, meanToken, patchTokens, type PixelNorm } from '../layers.js';
import { bicubic, halves, toSquare } from '../usualPreprocessing.js';
import type { Scope } from '../scope.js';

export const siglip = imageTower({
  family: 'siglip',
  className: 'Siglip',
  patchSize: 16,
  activation: 'gelu_pytorch_tanh',
  layerNormEpsilon: 1e-6,
  specialTokens: 0,
  stem: [embeddings],
  // The attention pooling that SigLIP was pretrained with.
  unusedLayers: ['attention.out_proj', 'mlp.fc1', 'mlp.fc2'].map((layer) => `${tower}.head.${layer}`),
  usualPreprocessor: ({ imageSize }) => toSquare(imageSize, bicubic, halves),
  body,
});

function body(s: Scope, config: ImageTowerConfig, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { hiddenSize: d } = config;
  const patches = patchTokens(s, `${embeddings}.patch_embedding`, images, { ...config, norm });
  const [batch, count] = patches.shape as [number, number];
  const placed = b.add(patches, s.weight(positions, [count, d]));
  const last = towerEncoder(s, config, keptRows(s, placed, 0), batch);
  // As transformers' class with a head: the mean of the tokens, not the attention pooling that SigLIP was pretrained
  // with.
  return [meanToken(s, layerNorm(s, `${tower}.post_layernorm`, last, config.layerNormEpsilon), batch, 0)];
}
