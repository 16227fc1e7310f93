/**
 * The one rule by which samples of other kinds than 8-bit become 8-bit: what is black, what is white (docs/images.md).
 */

export type Samples16To64 =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

export interface SampleRange {
  black: number;
  white: number;
}

/** The largest values of 8, 10, 12, 14 and 16 bits: what cameras and scanners deliver. */
const depths = [0xff, 0x3ff, 0xfff, 0x3fff, 0xffff];

/** The smallest and largest finite sample; undefined if there is none. */
function extremesOf(samples: Samples16To64, each: (index: number) => boolean): SampleRange | undefined {
  let black = Infinity;
  let white = -Infinity;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (!Number.isFinite(value) || !each(i)) continue;
    if (value < black) black = value;
    if (value > white) white = value;
  }
  return black <= white ? { black, white } : undefined;
}

/**
 * The range that the file declares is used if all samples lie within it. Otherwise, if no sample is negative, white is
 * the largest value of the smallest depth that holds them all: 1 for floating-point samples up to 1, then 8, 10, 12, 14
 * and 16 bits, and beyond that the largest sample. With negative samples the smallest is black and the largest white.
 */
export function sampleRangeOf(
  samples: Samples16To64,
  isColour: (index: number) => boolean,
  declared: Partial<SampleRange>,
): SampleRange | undefined {
  const found = extremesOf(samples, isColour);
  if (!found) return undefined;
  const { black = Math.min(0, found.black), white } = declared;
  if (white !== undefined && white > black && found.white <= white && found.black >= black) return { black, white };
  if (found.black < 0) return found;
  const isFloat = samples instanceof Float32Array || samples instanceof Float64Array;
  if (isFloat && found.white <= 1) return { black: 0, white: 1 };
  return { black: 0, white: depths.find((depth) => found.white <= depth) ?? found.white };
}

/** A sample as one of 0 to 255. What is not a number is black. */
export function toByte(value: number, { black, white }: SampleRange): number {
  if (Number.isNaN(value)) return 0;
  const share = white > black ? (value - black) / (white - black) : 0;
  return Math.round(255 * Math.min(1, Math.max(0, share)));
}

/** Whether sample `i` of `[pixels, channels]` is grey or of a colour, and not transparency. */
export const isColour = (i: number, channels: number): boolean => channels % 2 === 1 || i % channels < channels - 1;

/**
 * `[pixels, channels]` as `[pixels, 3]` in 8 bits: grey or RGB, with transparency after it where there is a channel
 * more. What is transparent becomes white.
 */
export function toRgb(
  samples: Samples16To64,
  channels: number,
  range: SampleRange,
  isInverted: boolean,
): Uint8Array<ArrayBuffer> {
  const colours = channels >= 3 ? 3 : 1;
  const alpha = channels > colours ? sampleRangeOf(samples, (i) => !isColour(i, channels), {}) : undefined;
  const pixels = samples.length / channels;
  const data = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const opacity = alpha ? toByte(samples[pixel * channels + colours]!, alpha) / 255 : 1;
    for (let c = 0; c < 3; c++) {
      const byte = toByte(samples[pixel * channels + (colours === 3 ? c : 0)]!, range);
      const seen = isInverted ? 255 - byte : byte;
      data[pixel * 3 + c] = alpha ? Math.round(255 + opacity * (seen - 255)) : seen;
    }
  }
  return data;
}
