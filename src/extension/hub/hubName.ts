/** What the editor knows of names on the hub without asking the trainer. */

/** Whether a text looks like `owner/name`, perhaps with `@revision` and `:file.onnx`; the trainer looks closer. */
export const isModelName = (text: string): boolean => /^[\w.-]+\/[\w.-]+(@[^\s@:]+)?(:[^\s:]+\.onnx)?$/.test(text);
