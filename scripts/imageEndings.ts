/** The endings of image names in package.json: those of the formats that ViTune reads. */
import { readableEndings } from '../src/shared/imageFormats.js';
import { imageEditorType } from '../src/extension/contributions.js';

interface Manifest {
  contributes: { customEditors: { viewType: string; selector: { filenamePattern: string }[] }[] };
}

/** The text of package.json with the image editor's patterns and the menus' conditions for these endings. */
export function withImageEndings(text: string): string {
  const manifest = JSON.parse(text) as Manifest;
  const editor = manifest.contributes.customEditors.find(({ viewType }) => viewType === imageEditorType);
  if (!editor) throw new Error(`package.json has no custom editor ${imageEditorType}`);
  editor.selector = readableEndings.map((ending) => ({ filenamePattern: `*.${ending}` }));
  const condition = `resourceExtname =~ /^\\.(${readableEndings.join('|')})$/i`;
  return `${JSON.stringify(manifest, null, 2)}\n`.replaceAll(/resourceExtname =~ \/.*?\/i/g, () =>
    JSON.stringify(condition).slice(1, -1),
  );
}
