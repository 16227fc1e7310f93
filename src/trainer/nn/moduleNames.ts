/**
 * Names of one and the same module in different libraries: ours, which are those of transformers 4 and of files on the
 * hub, and those of transformers 5.
 */

/**
 * Modules that another library calls otherwise, by parts of their names; the longer first where one ends as another.
 * One of ours may be several of theirs, which share out its outputs evenly.
 */
export type Renames = readonly (readonly [own: string, theirs: string | readonly string[]])[];

/** Replaces `from` where it matches whole modules in the name. */
const replaced = (name: string, from: string, to: string): string =>
  `.${name}.`.replace(`.${from}.`, `.${to}.`).slice(1, -1);

/** What the other library calls a weight or module: one name, or one for each part of it. */
export const theirNames = (name: string, renames: Renames): string[] =>
  renames.reduce<string[]>(
    (names, [own, theirs]) =>
      typeof theirs === 'string' || names.length > 1
        ? names.map((each) => (typeof theirs === 'string' ? replaced(each, own, theirs) : each))
        : `.${names[0]!}.`.includes(`.${own}.`)
          ? theirs.map((part) => replaced(names[0]!, own, part))
          : names,
    [name],
  );

/** Our name of a weight or module, whichever library's is given. */
export const ownName = (name: string, renames: Renames): string =>
  renames.reduceRight(
    (result, [own, theirs]) => (typeof theirs === 'string' ? replaced(result, theirs, own) : result),
    name,
  );
