/** The names of config files: JSON with comments, under either of two endings. */

export const configEnding = '.vitune.json';
export const configEndings = [configEnding, '.vitune.jsonc'] as const;

/** Whether a path is that of a config, by its name. */
export const isConfigName = (path: string): boolean => configEndings.some((ending) => path.endsWith(ending));

/** A config's name without its ending. */
export const stemOfConfig = (name: string): string => name.replace(/(\.vitune)?\.jsonc?$/i, '');
