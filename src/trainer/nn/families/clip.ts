/** The image tower of CLIP (Radford et al., 2021, arXiv:2103.00020); the text tower is not read. */
import type { Value } from '../../ir/value.js';
import type { Family } from '../family.js';
import {
  parseTower,
  tower,
  towerArchitectures,
  towerBlocks,
  towerEncoder,
  towerJson,
  towerNames,
  type ImageTowerConfig,
  type ImageTowerKind,
} from '../imageTower.js';
import { layerNorm, meanToken, patchTokens, type PixelNorm } from '../layers.js';
import { positionResizing } from '../positions.js';
import type { Scope } from '../scope.js';

const kind: ImageTowerKind = {
  family: 'clip',
  className: 'CLIP',
  patchSize: 32,
  activation: 'quick_gelu',
  layerNormEpsilon: 1e-5,
};
const embeddings = `${tower}.embeddings`;
const positions = `${embeddings}.position_embedding.weight`;

export const clip: Family<ImageTowerConfig> = {
  name: kind.family,
  architectures: towerArchitectures(kind.className),
  parse: (fields, architecture) => parseTower(fields, architecture, kind),
  checkpointJson: towerJson,
  weightNames: (_config, stored) => towerNames(stored),
  resizing: (config, name) => (name === positions ? positionResizing(config, 1, []) : undefined),
  blocks: towerBlocks,
  isStem: (_config, name) => name.startsWith(`${embeddings}.`) || name.startsWith(`${tower}.pre_layrnorm.`),
  body,
};

function body(s: Scope, config: ImageTowerConfig, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { hiddenSize: d } = config;
  const patches = patchTokens(s, `${embeddings}.patch_embedding`, images, { ...config, norm, bias: false });
  const [batch, count] = patches.shape as [number, number];
  const cls = b.expand(s.weight(`${embeddings}.class_embedding`, [d]), [batch, 1, d]);
  const placed = b.add(b.concat(1, cls, patches), s.weight(positions, [1 + count, d]));
  const first = layerNorm(
    s,
    `${tower}.pre_layrnorm`,
    b.reshape(placed, [batch * (1 + count), d]),
    config.layerNormEpsilon,
  );
  // As transformers' class with a head: the mean of the patches, without the last norm.
  return [meanToken(s, towerEncoder(s, config, first, batch), batch, 1)];
}
