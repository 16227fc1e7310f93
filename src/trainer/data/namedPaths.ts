/** The paths of images as files name them: label files and the list of images that are left out. */
import { isAbsolute, relative, resolve } from 'node:path';

/** By which two paths are compared: in Unicode NFC, and Windows knows a file in upper and in lower case. */
export function keyOf(path: string): string {
  const composed = path.normalize('NFC');
  return process.platform === 'win32' ? composed.toLowerCase() : composed;
}

/** Where a named image may be; a file that was made on Windows has its paths with backslashes. */
export function placesOf(base: string, name: string): [string, string] {
  const from = base.normalize('NFC');
  return [resolve(from, name), resolve(from, name.replaceAll('\\', '/'))];
}

export function isOutside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || /^\.\.(?:$|[\\/])/.test(way) || isAbsolute(way);
}
