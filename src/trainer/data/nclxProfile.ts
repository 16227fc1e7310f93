/**
 * The colours that an image names by numbers (`nclx`: primaries and transfer characteristics of ITU-T H.273) as an ICC
 * profile, for what converts by profiles only.
 */

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Chromaticities of red, green, blue and white, x and y each. */
export type Chromaticities = readonly [red: Point, green: Point, blue: Point, white: Point];
type Point = readonly [x: number, y: number];

/** BT.709: the primaries of sRGB. */
const primariesOfSrgb = 1;
const unspecified = 2;

/** The gammas of transfer characteristics that are a power. */
const gammas: Readonly<Record<number, number>> = { 4: 2.2, 5: 2.8, 8: 1 };
/**
 * sRGB itself, and the curves of video (BT.709, BT.601, BT.2020 and their like), whose pictures are made to be seen as
 * sRGB ones are.
 */
const likeSrgb = new Set([1, unspecified, 6, 7, 11, 12, 13, 14, 15]);

/** What the transfer characteristics are called that have no place in 8 bits of sRGB; undefined of others. */
export function nameOfHdr(transfer: number): string | undefined {
  return { 16: 'PQ', 18: 'HLG' }[transfer];
}

/**
 * The profile of these colours; undefined where they are sRGB's, `unknown` where the transfer characteristics have no
 * curve here. Formulas: ICC.1:2010; adaptation to D50 by Bradford's method (brucelindbloom.com).
 */
export function profileOfCodes(
  primaries: number,
  transfer: number,
  chromaticities: Chromaticities,
): Uint8Array | 'unknown' | undefined {
  const gamma = gammas[transfer];
  if (gamma === undefined && !likeSrgb.has(transfer)) return 'unknown';
  const isSrgb = primaries === primariesOfSrgb || primaries === unspecified;
  if (isSrgb && gamma === undefined) return undefined;
  const columns = isSrgb
    ? adapted([
        [0.64, 0.33],
        [0.3, 0.6],
        [0.15, 0.06],
        [0.3127, 0.329],
      ])
    : adapted(chromaticities);
  if (!columns.every((column) => column.every(Number.isFinite))) return 'unknown';
  return profileOf(columns, gamma === undefined ? srgbCurve() : powerCurve(gamma));
}

const xyz = ([x, y]: Point): Triple => [x / y, 1, (1 - x - y) / y];

const times = (m: Matrix, v: Triple): Triple => {
  const row = (i: 0 | 1 | 2) => m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  return [row(0), row(1), row(2)];
};

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const [p, q, r] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const s = 1 / (a * p + b * q + c * r);
  return [
    [p * s, (c * h - b * i) * s, (b * f - c * e) * s],
    [q * s, (a * i - c * g) * s, (c * d - a * f) * s],
    [r * s, (b * g - a * h) * s, (a * e - b * d) * s],
  ];
}

const whiteD50: Triple = [0.9642, 1, 0.8249];
const bradford: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** XYZ of full red, green and blue, adapted to D50. */
function adapted([red, green, blue, white]: Chromaticities): Triple[] {
  const [r, g, b] = [xyz(red), xyz(green), xyz(blue)];
  const columns: Matrix = [
    [r[0], g[0], b[0]],
    [r[1], g[1], b[1]],
    [r[2], g[2], b[2]],
  ];
  const share = times(inverse(columns), xyz(white));
  const [from, to] = [times(bradford, xyz(white)), times(bradford, whiteD50)];
  const adapt = (v: Triple): Triple => {
    const cone = times(bradford, v);
    return times(inverse(bradford), [
      (cone[0] * to[0]) / from[0],
      (cone[1] * to[1]) / from[1],
      (cone[2] * to[2]) / from[2],
    ]);
  };
  return [r, g, b].map((v, i) => adapt([v[0] * share[i]!, v[1] * share[i]!, v[2] * share[i]!]));
}

const curvePoints = 4096;

const curveOf = (linear: (v: number) => number): Uint16Array =>
  Uint16Array.from({ length: curvePoints }, (_, i) => Math.round(65_535 * linear(i / (curvePoints - 1))));

/** IEC 61966-2-1. */
const srgbCurve = () => curveOf((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
const powerCurve = (gamma: number) => curveOf((v) => v ** gamma);

function profileOf(columns: Triple[], curve: Uint16Array): Uint8Array {
  const tags = ['wtpt', 'rXYZ', 'gXYZ', 'bXYZ', 'rTRC', 'gTRC', 'bTRC'];
  const firstAt = 128 + 4 + 12 * tags.length;
  const curveAt = firstAt + 4 * 20;
  const profile = Buffer.alloc(curveAt + 12 + 2 * curvePoints);
  const fixed = (v: number) => Math.round(v * 65_536);
  profile.writeUInt32BE(profile.length, 0);
  profile.writeUInt32BE(0x02100000, 8);
  profile.write('mntrRGB XYZ ', 12, 'latin1');
  profile.write('acsp', 36, 'latin1');
  whiteD50.forEach((v, i) => profile.writeInt32BE(fixed(v), 68 + 4 * i));
  profile.writeUInt32BE(tags.length, 128);
  tags.forEach((tag, i) => {
    const isCurve = tag.endsWith('TRC');
    profile.write(tag, 132 + 12 * i, 'latin1');
    profile.writeUInt32BE(isCurve ? curveAt : firstAt + 20 * i, 136 + 12 * i);
    profile.writeUInt32BE(isCurve ? 12 + 2 * curvePoints : 20, 140 + 12 * i);
  });
  [whiteD50, ...columns].forEach((triple, i) => {
    profile.write('XYZ ', firstAt + 20 * i, 'latin1');
    triple.forEach((v, j) => profile.writeInt32BE(fixed(v), firstAt + 20 * i + 8 + 4 * j));
  });
  profile.write('curv', curveAt, 'latin1');
  profile.writeUInt32BE(curvePoints, curveAt + 8);
  curve.forEach((v, i) => profile.writeUInt16BE(v, curveAt + 12 + 2 * i));
  return profile;
}
