/**
 * A network read from an ONNX file, as a frozen body: images go in as it wants them, and what it says becomes one row
 * of features an image.
 */
import type { ForeignGraph } from '../../ir/foreignGraph.js';
import type { Value } from '../../ir/value.js';
import { sizeOf } from '../../ir/shape.js';
import type { Shape } from '../../ir/op.js';
import type { Family } from '../family.js';
import type { PixelNorm } from '../layers.js';
import type { NetworkConfig } from '../networkConfig.js';
import type { Scope } from '../scope.js';

export type Layout = 'nchw' | 'nhwc';
/** How the tensor becomes one row: unchanged, its first token, or the mean over its tokens or positions. */
export type Pooling = 'none' | 'firstToken' | 'meanOfTokens' | 'meanOfPositions';

export interface OnnxConfig extends NetworkConfig {
  graph: ForeignGraph;
  /** Of the input: the order of its axes, and whether it takes bytes, which need no normalisation. */
  layout: Layout;
  takesBytes: boolean;
  /** The tensor of features, by its name in the file, and its shape for one image. */
  output: { name: string; shape: Shape };
}

export const isOnnx = (config: NetworkConfig): config is OnnxConfig => config.family === 'onnx';

/**
 * Positions usually form a square: in [a, b, c] this shows which axis is the channels; otherwise they come first, as in
 * PyTorch.
 */
const channelsLast = ([a, b, c]: Shape): boolean => a === b && b !== c;

/**
 * What is made of a tensor of that shape for one image, and how wide it then is; undefined for what holds no
 * features. Tokens are as many as the patches of a square, or there is one for the whole image before them, which is
 * taken.
 */
export function poolingOf(shape: Shape): { pooling: Pooling; width: number } | undefined {
  const [first, second] = shape as [number, number];
  if (shape.length === 1) return { pooling: 'none', width: first };
  if (shape.length === 2)
    return { pooling: Number.isInteger(Math.sqrt(first)) ? 'meanOfTokens' : 'firstToken', width: second };
  if (shape.length === 3)
    return {
      pooling: sizeOf(shape) === first ? 'none' : 'meanOfPositions',
      width: channelsLast(shape) ? shape[2]! : first,
    };
  return undefined;
}

/** Bytes [batch, height, width, 3] as the network takes them. */
function entered(
  { b }: Scope,
  { layout, takesBytes }: OnnxConfig,
  images: Value,
  { mean, deviation, rescale, flipped }: PixelNorm,
): Value {
  const row = (name: string, of: (channel: number) => number): Value =>
    b.constant(name, [3], Float32Array.from([0, 1, 2], of));
  const factor = (): Value => row('pixel.factor', (c) => rescale / deviation[c]!);
  const shift = (): Value => row('pixel.shift', (c) => -mean[c]! / deviation[c]!);
  const usual = takesBytes ? images : b.add(b.mul(b.cast(images, 'f32'), factor()), shift());
  const pixels = flipped ? b.concat(3, ...[2, 1, 0].map((channel) => b.slice(usual, 3, channel, channel + 1))) : usual;
  return layout === 'nchw' ? b.transpose(pixels, [0, 3, 1, 2]) : pixels;
}

export const onnx: Family<OnnxConfig> = {
  name: 'onnx',
  architectures: [],
  // No config.json describes it: the file itself does.
  parse: () => undefined,
  checkpointJson: (_json, { imageSize, features, output }) => ({
    model_type: 'onnx',
    image_size: imageSize,
    hidden_size: features,
    feature_output: output.name,
  }),
  // Only the files next to it name its class.
  processor: '',
  usualPreprocessor: () => ({}),
  weightNames: () => [],
  resizing: () => undefined,
  blocks: () => [],
  roles: { norms: [], embeddings: [] },
  // A file that is one op has no tokens.
  keepsAllTokens: true,
  isStem: () => true,
  body(s, config, images, norm) {
    const { b } = s;
    const { name, shape } = config.output;
    const [batch] = images.shape as [number];
    const entering = entered(s, config, images, norm);
    const found = b.within({ part: 'backbone' }, () => b.foreign(config.graph, entering, [batch, ...shape]));
    const pooled = poolingOf(shape);
    if (!pooled) throw new Error(`${name} holds no features`);
    const { pooling, width } = pooled;
    const rows = (x: Value): Value => b.reshape(x, [batch, width]);
    if (pooling === 'firstToken') return [rows(b.slice(found, 1, 0, 1))];
    if (pooling === 'none') return [rows(found)];
    const positions = sizeOf(shape) / width;
    if (pooling === 'meanOfTokens' || channelsLast(shape))
      return [rows(b.scale(b.sum(b.reshape(found, [batch, positions, width]), [1]), 1 / positions))];
    return [rows(b.meanOverLast(b.reshape(found, [batch, width, positions])))];
  },
};
