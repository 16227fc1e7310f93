/** From the relevance of each attention to that of the patches of an image. */

/** The relevance of one attention [queries, tokens]; it has a query for each of the first tokens. */
export interface RelevanceMap {
  values: Float32Array;
  queries: number;
  tokens: number;
}

/**
 * How much each of `patches`, which are the last tokens, counts for the answer: the row of what the head reads in the
 * product of (1 + map) over all attentions (Chefer, Gur and Wolf, CVPR 2021, arXiv:2012.09838, equations 14 and 15),
 * from the head back to the input. The head reads the queries of the last attention, evenly. Where that has one query
 * and the network no token besides its patches, the query is learned and no token of the image passes around it.
 * @returns [patches], the greatest 1; all 0 where nothing counts.
 */
export function relevanceOf(maps: readonly RelevanceMap[], patches: number): Float32Array {
  const last = maps.at(-1)!;
  let row = new Float32Array(last.queries).fill(1 / last.queries);
  for (const map of [...maps].reverse()) {
    const { values, queries, tokens } = map;
    const before = new Float32Array(tokens);
    const isLearned = map === last && queries === 1 && tokens === patches;
    if (!isLearned) before.set(row.subarray(0, queries));
    for (let query = 0; query < queries; query++)
      for (let token = 0; token < tokens; token++) before[token]! += row[query]! * values[query * tokens + token]!;
    row = before;
  }
  const own = row.subarray(row.length - patches);
  // What passes around every attention says that a patch is there, not that it counts.
  const least = own.reduce((a, b) => Math.min(a, b), Infinity);
  return scaled(own.map((value) => value - least));
}

/** The values by their greatest, without negative ones. */
export function scaled(values: Float32Array): Float32Array {
  const greatest = values.reduce((a, b) => Math.max(a, b), 0);
  return values.map((value) => (greatest > 0 ? Math.max(0, value) / greatest : 0));
}
