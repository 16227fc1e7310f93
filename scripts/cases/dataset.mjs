/** What a dataset's folder itself says: classes, splits and label files, read apart from ViTune's own reading. */
import { parse } from 'csv-parse/sync';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const image = /\.(jpe?g|png|gif|webp|tiff?|bmp|avif|heic|svg)$/i;
const ends = '(?:[ _.-]?(?:set|data|split|images|imgs|pictures))?$';
const split = {
  train: new RegExp(`^train(?:ing)?${ends}`, 'i'),
  validation: new RegExp(`^(?:val(?:id(?:ation)?)?|dev(?:elopment)?)${ends}`, 'i'),
  test: new RegExp(`^(?:test(?:ing)?|eval(?:uation)?|hold[ _-]?out)${ends}`, 'i'),
};

/** `train`, `validation` or `test` where the name is a usual word for it. */
export const splitOf = (name) => Object.keys(split).find((key) => split[key].test(name.trim()));

const folders = (path) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
const images = (path) => readdirSync(path).filter((name) => image.test(name));
const imagesBelow = (path) => readdirSync(path, { recursive: true }).filter((name) => image.test(name));

/** Text of a CSV file in UTF-8 or UTF-16. */
function csvText(path) {
  const bytes = readFileSync(path);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return Buffer.from(bytes).swap16().toString('utf16le').slice(1);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le').slice(1);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** Labels, and images for each split, by the rows of a label file whose images are there; undefined if none is. */
function fromLabelFile(folder, path) {
  const text = csvText(path);
  const separator = /^sep=(.)\r?\n/.exec(text)?.[1];
  const rows = parse(separator ? text.slice(text.indexOf('\n') + 1) : text, {
    columns: true,
    delimiter: separator ? [separator] : [',', ';', '\t'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
  });
  const columns = Object.keys(rows[0] ?? {});
  const files = new Map(imagesBelow(folder).flatMap((name) => [name, basename(name)].map((key) => [key, name])));
  const imageColumn = columns.find((column) => rows.some((row) => files.has(row[column])));
  const splitColumn = columns.find(
    (column) => column !== imageColumn && rows.every((row) => row[column] === '' || splitOf(row[column])),
  );
  const labelColumn = columns.find((column) => column !== imageColumn && column !== splitColumn);
  if (!imageColumn || !labelColumn) return undefined;
  const used = rows.filter((row) => files.has(row[imageColumn]) && row[labelColumn] !== '');
  const splits = splitColumn ? used.map((row) => splitOf(row[splitColumn])) : undefined;
  return { from: basename(path), labels: new Set(used.map((row) => row[labelColumn])), splits };
}

/** The same by folders named as splits, or else by class folders. */
function fromFolders(folder) {
  const named = folders(folder).filter((name) => splitOf(name));
  if (named.length === 0) {
    const classes = folders(folder).filter((name) => imagesBelow(join(folder, name)).length > 0);
    return { from: 'folders', labels: new Set(classes) };
  }
  const labelled = named.filter((name) => folders(join(folder, name)).length > 0);
  const labels = new Set(labelled.flatMap((name) => folders(join(folder, name))));
  const splits = labelled.flatMap((name) => imagesBelow(join(folder, name)).map(() => splitOf(name)));
  const unlabelled = named.filter((name) => !labelled.includes(name) && images(join(folder, name)).length > 0);
  return { from: 'split folders', labels, splits, unlabelled };
}

/** What a reader of the folder finds: `{ from, labels, splits?, unlabelled? }`. */
export function readDataset(folder) {
  const file = ['labels.csv', 'labels.tsv', 'train.csv'].map((name) => join(folder, name)).find(existsSync);
  return (file && fromLabelFile(folder, file)) ?? fromFolders(folder);
}

/** The first image of each class folder, or of the folder itself. */
export const someImages = (folder) => imagesBelow(folder).map((name) => join(folder, name));
