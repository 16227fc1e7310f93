/** The selected images of a list: a bit each, so that a million are selected as easily as one. */

export class Selection {
  #bits: Uint8Array;
  #size = 0;

  constructor(private images: number) {
    this.#bits = new Uint8Array(Math.ceil(images / 8));
  }

  /** The list has become longer. */
  grow(images: number): void {
    this.images = images;
    const bits = new Uint8Array(Math.ceil(images / 8));
    bits.set(this.#bits);
    this.#bits = bits;
  }

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return ((this.#bits[row >> 3]! >> (row & 7)) & 1) === 1;
  }

  set(row: number, isSelected: boolean): void {
    if (this.has(row) === isSelected) return;
    this.#bits[row >> 3]! ^= 1 << (row & 7);
    this.#size += isSelected ? 1 : -1;
  }

  clear(): void {
    this.#bits.fill(0);
    this.#size = 0;
  }

  /** Those of these rows that are selected, in their order. */
  among(rows: Uint32Array): Uint32Array<ArrayBuffer> {
    return Uint32Array.from(rows.filter((row) => this.has(row)));
  }

  /** Selects nothing but those of these rows that are selected. */
  keep(rows: Uint32Array): void {
    const kept = this.among(rows);
    this.clear();
    for (const row of kept) this.set(row, true);
  }

  /** For what a view keeps: base64 of the bits; empty where nothing is selected. */
  toText(): string {
    if (this.#size === 0) return '';
    let text = '';
    // Not all as arguments of one call.
    for (let at = 0; at < this.#bits.length; at += 8192)
      text += String.fromCharCode(...this.#bits.subarray(at, at + 8192));
    return btoa(text);
  }

  /** Selects what `toText` gave for this list, perhaps when it was shorter; another text selects nothing. */
  restore(text: string): void {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    if (bytes.length > this.#bits.length) return;
    this.#bits.set(bytes);
    this.#size = 0;
    for (let row = 0; row < this.images; row++) if (this.has(row)) this.#size++;
  }
}
