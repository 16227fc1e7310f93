/** A position in a file that stores numbers. */

/** fp32 numbers, little-endian and contiguous. */
export interface FilePlace {
  file: string;
  /** In bytes. */
  offset: number;
}
