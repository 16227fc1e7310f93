/** In which settings two runs differ. */

export interface Setting {
  /** As it is written in the config, e.g. `method.rank`. */
  key: string;
  was: string | null;
  is: string | null;
}

/** Say nothing of how a model was trained. */
const ignored = new Set(['$schema', 'output', 'tests']);

/** The values as they are written; null where there is none. */
export function differingSettings(was: Record<string, unknown>, is: Record<string, unknown>): Setting[] {
  const [before, now] = [flat(was), flat(is)];
  return [...new Set([...before.keys(), ...now.keys()])]
    .map((key) => ({ key, was: before.get(key) ?? null, is: now.get(key) ?? null }))
    .filter((setting) => setting.was !== setting.is && !ignored.has(setting.key.split('.')[0]!));
}

function flat(config: Record<string, unknown>, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(config).flatMap(([key, value]): [string, string][] => {
      const name = prefix + key;
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return [...flat({ ...value }, `${name}.`)];
      return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
    }),
  );
}
