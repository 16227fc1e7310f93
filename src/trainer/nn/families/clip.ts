/** The image tower of CLIP (Radford et al., 2021, arXiv:2103.00020); the text tower is not read. */
import type { Value } from '../../ir/value.js';
import { embeddings, imageTower, positions, tower, towerEncoder, type ImageTowerConfig } from '../imageTower.js';
import { keptRows, layerNorm, meanToken, patchTokens, type PixelNorm } from '../layers.js';
import { openaiClip, toMiddle } from '../usualPreprocessing.js';
import type { Scope } from '../scope.js';

export const clip = imageTower({
  family: 'clip',
  className: 'CLIP',
  otherClasses: ['CLIPVisionModelWithProjection'],
  patchSize: 32,
  activation: 'quick_gelu',
  layerNormEpsilon: 1e-5,
  specialTokens: 1,
  stem: [embeddings, `${tower}.pre_layrnorm`],
  usualPreprocessor: ({ imageSize }) => toMiddle(imageSize, openaiClip, imageSize),
  body,
});

function body(s: Scope, config: ImageTowerConfig, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { hiddenSize: d } = config;
  const patches = patchTokens(s, `${embeddings}.patch_embedding`, images, { ...config, norm, bias: false });
  const [batch, count] = patches.shape as [number, number];
  const cls = b.expand(s.weight(`${embeddings}.class_embedding`, [d]), [batch, 1, d]);
  const placed = b.add(b.concat(1, cls, patches), s.weight(positions, [1 + count, d]));
  const first = layerNorm(s, `${tower}.pre_layrnorm`, keptRows(s, placed, 1), config.layerNormEpsilon);
  // As transformers' class with a head: the mean of the patches, without the last norm.
  return [meanToken(s, towerEncoder(s, config, first, batch), batch, 1)];
}
