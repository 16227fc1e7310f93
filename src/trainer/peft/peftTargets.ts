/** The `target_modules` by which PEFT finds exactly those layers that were adapted. */

const isEndOf = (name: string, end: string): boolean => name === end || name.endsWith(`.${end}`);

/**
 * Of each of the `adapted` modules the shortest last parts of its name that no other of `all` modules ends in: PEFT
 * takes every module that ends in a target.
 */
export function peftTargets(adapted: readonly string[], all: readonly string[]): string[] {
  const chosen = new Set(adapted);
  const others = all.filter((name) => !chosen.has(name));
  const targetOf = (name: string): string => {
    const parts = name.split('.');
    for (let from = parts.length - 1; from > 0; from--) {
      const end = parts.slice(from).join('.');
      if (!others.some((other) => isEndOf(other, end))) return end;
    }
    return name;
  };
  return [...new Set(adapted.map(targetOf))];
}

/** The layers that low-rank adapters of these names belong to. */
export const adaptedLayers = (names: Iterable<string>): string[] =>
  [...names].flatMap((name) => (name.endsWith(loraA) ? [name.slice(0, -loraA.length)] : []));

const loraA = '.lora_A.weight';
