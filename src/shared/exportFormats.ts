/** The formats of an export, one row each; what writes them is in `trainer/export/exportFormats.ts`. */
import type { Localiser } from './localiser.js';

interface ExportFormatRow {
  label: string;
  detail(l10n: Localiser): string;
  /** What a program opens: a file in the folder of the export, or the folder itself where this is empty. */
  opens: string;
}

export const exportFormats = {
  onnx: {
    label: 'ONNX',
    detail: (l10n) => l10n.t('One file that ONNX Runtime runs anywhere: images in, scores out.'),
    opens: 'model.onnx',
  },
  transformers: {
    label: 'Transformers',
    detail: (l10n) => l10n.t('A whole model for Python, adapters merged into its weights.'),
    opens: '',
  },
  peft: {
    label: 'PEFT',
    detail: (l10n) => l10n.t('Only the adapter, for Python: small, to be loaded on its base model.'),
    opens: '',
  },
} as const satisfies Record<string, ExportFormatRow>;

export type ExportFormat = keyof typeof exportFormats;

export const exportFormatNames = Object.keys(exportFormats) as ExportFormat[];
