/** A choice between texts, with words for each. */
import * as z from 'zod';

/** A union of texts; completion shows the words of each. */
export function choice<Name extends string>(options: Record<Name, string>) {
  return z.enum(Object.keys(options) as Name[]).meta({ enumDescriptions: Object.values(options) });
}
