/** Paths as the settings of a workspace say them, so that the settings can be committed and used on another machine. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathInConfig } from './configFile.js';

/** A folder that is open in the window. */
export interface OpenFolder {
  name: string;
  path: string;
}

/**
 * Inside the first open folder: relative to it; inside another one: behind `${workspaceFolder:NAME}`; outside:
 * absolute.
 */
export function toWorkspacePath(folders: readonly OpenFolder[], path: string): string {
  const [first] = folders;
  const home = folders.find((folder) => isInside(folder.path, path));
  if (!home) return path;
  const inside = pathInConfig(home.path, path);
  return home === first ? inside : `\${workspaceFolder:${home.name}}/${inside}`;
}

/** The absolute path that a setting means; undefined where it names a folder that is not open. */
export function fromWorkspacePath(folders: readonly OpenFolder[], written: string): string | undefined {
  const [, name, rest] = /^\$\{workspaceFolder(?::([^}]*))?\}[\\/]?(.*)$/s.exec(written) ?? [];
  const home = name === undefined ? folders[0] : folders.find((folder) => folder.name === name);
  const path = rest ?? written;
  if (isAbsolute(path)) return resolve(path);
  return home && resolve(home.path, path);
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
