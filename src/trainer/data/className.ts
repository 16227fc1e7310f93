/** Whether a class can have a name: as a folder on every system, and as something that is read as a class. */
import { errors, type UserError } from '../errors/errors.js';
import { nameUnfitForWindows } from '../core/windowsName.js';
import { isNeverListed } from './folder.js';
import { splitsNamed } from './splitNames.js';

/** What is wrong with the name of a new class next to these; `isFolder`: the class is a folder. */
export function nameProblem(name: string, classes: readonly string[], isFolder: boolean): UserError | undefined {
  const isText = name !== '' && name === name.trim() && !/[\r\n]/.test(name);
  const isFit = !/[\\/]/.test(name) && nameUnfitForWindows(name) === undefined && !isNeverListed(name);
  if (!isText || (isFolder && !isFit)) return errors.change.nameUnfit(name);
  if (isFolder && splitsNamed([...classes, name]).has(name)) return errors.change.nameOfSplit(name);
  const small = name.toLowerCase();
  const other = classes.find((label) => label !== name && label.toLowerCase() === small);
  return other === undefined ? undefined : errors.change.nameTaken(name, other);
}
