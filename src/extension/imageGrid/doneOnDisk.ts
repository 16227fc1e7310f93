/** How much of a change was made whose window ended in the middle: what the disk says now. */
import { isThere } from './keepFile.js';
import { noWork, type Work } from './work.js';

/**
 * What was done, and what is still to be done. A file in both places may be one that the editor is still copying to
 * another device: it stays, and is said to be in its place when the rest is done. Cells and the list of excluded images
 * are not looked at: each is written whole or not at all, and says itself what it says.
 */
export async function doneOnDisk(work: Work): Promise<{ done: Work; rest: Work }> {
  const done: Work = { ...noWork, moves: [], trash: [], restore: [] };
  const rest: Work = { ...done, moves: [], trash: [], restore: [], prune: work.prune };
  for (const move of work.moves) {
    if (await isThere(move.from)) rest.moves.push(move);
    else if (await isThere(move.to)) done.moves.push(move);
  }
  for (const file of work.trash) {
    if (await isThere(file.path)) rest.trash.push(file);
    else if (await isThere(file.copy)) done.trash.push(file);
  }
  for (const file of work.restore) {
    if (await isThere(file.path)) done.restore.push(file);
    else if (await isThere(file.copy)) rest.restore.push(file);
  }
  return { done, rest };
}
