/** Which files have samples of other kinds than 8-bit, and what these files say of them. */
import * as l10n from '@vscode/l10n';
import type { SampleRange } from './sampleRange.js';
import { TiffHeader, tiffTag } from './tiffHeader.js';

/** How the samples of a file become 8-bit. */
export interface DeepSamples {
  /** The file as libvips gives its very samples. */
  bytes: Uint8Array;
  /** Black and white as the file declares them. */
  declared: Partial<SampleRange>;
  /** The smallest sample is white. */
  isInverted: boolean;
  /** 16-bit samples with a sign that are read as if they had none. */
  isSigned: boolean;
  /** Grey or RGB of 16 bits about which the file says no more: most use all 16 bits, which shows by how they look. */
  isUsual: boolean;
}

const minIsWhite = 0;
const minIsBlack = 1;
const rgb = 2;
const [unsigned, signed, float] = [1, 2, 3];

/**
 * The samples of a TIFF file; undefined where they are 8-bit, or of a colour space that libvips converts. Throws an
 * Error in words where they cannot be read.
 */
export function deepSamplesOfTiff(bytes: Uint8Array): DeepSamples | undefined {
  const header = TiffHeader.of(bytes);
  const photometric = header?.valueOf(tiffTag.photometric) ?? minIsBlack;
  if (!header || photometric > rgb) return undefined;
  const bits = header.valueOf(tiffTag.bitsPerSample) ?? 1;
  const format = header.valueOf(tiffTag.sampleFormat) ?? unsigned;
  requireReadable(header, photometric, bits, format);
  if (bits <= 8 && format !== signed && format !== float) return undefined;

  const isSigned = format === signed && bits === 16;
  const isInverted = photometric === minIsWhite;
  const declared = declaredBy(header);
  const tags: Record<number, number> = {};
  if (isSigned) tags[tiffTag.sampleFormat] = unsigned;
  if (isInverted) tags[tiffTag.photometric] = minIsBlack;
  const hasExtra = header.placeOf(tiffTag.extraSamples) !== undefined;
  const isUsual = bits === 16 && format !== signed && !isInverted && !hasExtra && declared.white === undefined;
  const relabelled = isSigned || isInverted ? header.relabelled(bytes, tags) : bytes;
  return { bytes: relabelled, declared, isInverted, isSigned, isUsual };
}

function requireReadable(header: TiffHeader, photometric: number, bits: number, format: number): void {
  if (![1, 2, 4, 8, 16, 32].includes(bits))
    throw new Error(l10n.t('its samples have {0} bits; samples of 1, 2, 4, 8, 16 or 32 bits can be read', bits));
  if (format === float && bits !== 32)
    throw new Error(l10n.t('its samples are numbers with {0} bits; save them with 32 bits', bits));
  if (format > float && format !== 4)
    throw new Error(l10n.t('its samples are complex numbers, which are not an image'));
  const channels = header.valueOf(tiffTag.samplesPerPixel) ?? 1;
  const colours = photometric === rgb ? 3 : 1;
  const [extra] = header.valuesOf(tiffTag.extraSamples);
  // One channel more may be transparency; next to RGB one of no stated meaning is left out, as Pillow does.
  const isKnown = channels === colours || (channels === colours + 1 && (colours === 3 || (extra ?? 1) !== 0));
  if (!isKnown)
    throw new Error(
      l10n.t('it has {0} channels that are not grey or red, green, blue; save it as a grey or an RGB image', channels),
    );
}

/** Whether a TIFF file has a channel next to RGB that it does not declare to be transparency. */
export function hasOtherChannel(bytes: Uint8Array): boolean {
  const header = TiffHeader.of(bytes);
  return header?.valueOf(tiffTag.photometric) === rgb && header.valueOf(tiffTag.extraSamples) === 0;
}

function declaredBy(header: TiffHeader): Partial<SampleRange> {
  const black = header.valueOf(tiffTag.sMinSampleValue) ?? header.valueOf(tiffTag.minSampleValue);
  const white = header.valueOf(tiffTag.sMaxSampleValue) ?? header.valueOf(tiffTag.maxSampleValue);
  return white === undefined ? {} : { white, ...(black !== undefined && { black }) };
}

/** The samples of a PNG file with 16 bits; sBIT says how many of them are used. Undefined for every other PNG file. */
export function deepSamplesOfPng(bytes: Uint8Array): DeepSamples | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The signature, then IHDR: length, name, width, height and the depth.
  if (bytes.length < 33 || view.getUint8(24) !== 16) return undefined;
  let declared: Partial<SampleRange> = {};
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === 'IDAT') break;
    const used = name === 'sBIT' ? view.getUint8(at + 8) : 16;
    if (used < 16) declared = { black: 0, white: 2 ** used - 1 };
  }
  const hasAlpha = (view.getUint8(25) & 4) !== 0;
  return { bytes, declared, isInverted: false, isSigned: false, isUsual: !hasAlpha };
}
