/** How many threads one op may take on the CPU. */

/** `VITUNE_THREADS` leaves cores to other programs, as OMP_NUM_THREADS does for PyTorch; 0 takes all. */
export const threadsFromEnvironment = (): number =>
  Math.max(0, Math.trunc(Number(process.env.VITUNE_THREADS ?? 0)) || 0);
