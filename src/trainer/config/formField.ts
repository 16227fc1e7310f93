/** The form field of a config key: defined with the key in the schema and passed on in the JSON Schema. */

export interface FormField {
  label: string;
  /** Whether it is folded away, since few users need it. */
  isFolded?: true;
  /** Shown in an empty field whose key has no default. */
  empty?: string;
  /** Whether it is hidden for a method that takes no steps. */
  needsTraining?: true;
  /** Whether it is shown only where a head is solved for. */
  needsRidge?: true;
}

/** The metadata of a key that the form shows; its explanation there is the key's description. */
export const inForm = (description: string, field: FormField) => ({ description, 'x-form': field });
