/** The formats of an export, by the names that the command line and the extension use. */

export const exportFormats = ['peft', 'transformers', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];
