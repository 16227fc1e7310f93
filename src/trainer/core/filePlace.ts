/** A place in a file where numbers lie. */

/** Floats of 32 bits, little-endian and one after another. */
export interface FilePlace {
  file: string;
  /** In bytes. */
  offset: number;
}
