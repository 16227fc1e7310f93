/** How many patches lie along a side; what is left beyond the last whole one is not used, as by a convolution. */
export const patchesAlong = (side: number, patchSize: number): number => Math.floor(side / patchSize);
