/**
 * Memory by method: the table of bench/memory.mjs. The sections of head and LoRA compare the memory of both sides on the
 * same job.
 */
import { join } from 'node:path';
import { machine } from '../page.mjs';
import { run } from '../peer.mjs';

export async function memory() {
  const table = run(process.execPath, [join('bench', 'memory.mjs')], { VITUNE_THREADS: '1' });
  return `## Memory by method, ViT-B/16 at 224, batch 4

\`node bench/memory.mjs\`, one thread, random weights; one process for each method; the peak is that of the whole process, Node included.
QLoRA recomputes activations unless \`gradientCheckpointing\` is \`false\`.

${table.trim()}

${machine([])}`;
}
