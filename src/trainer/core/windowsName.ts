/** Names that Windows changes. */

const device = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i;
const forbidden = /[<>:"|?*]/;
const hasControl = (text: string): boolean => Array.from(text).some((character) => character < ' ');

/**
 * The first part of a Windows path that names a device (`aux`, `con.txt`), ends with a dot or a space, or has a
 * character that names may not have; undefined where there is none. Most programs could neither open nor delete a
 * folder of such a name.
 */
export function nameUnfitForWindows(path: string): string | undefined {
  const parts = path.replace(/^\\\\[?.]\\/, '').split(/[\\/]/);
  return parts.find(
    (part, i) =>
      !['', '.', '..'].includes(part) &&
      !(i === 0 && /^[a-z]:$/i.test(part)) &&
      (device.test(part) || /[. ]$/.test(part) || forbidden.test(part) || hasControl(part)),
  );
}
