/** The licence texts of all that a VSIX holds and that is not ours; a part without its text is an error. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './ensure-installed.mjs';

const licences = join(root, 'licenses');
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Which files of licenses/ hold the texts of parts that come without them. */
const known = readJson(join(licences, 'index.json'));

/** The texts that a package brings along. */
const ownTexts = (folder) =>
  readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotice)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());

/** The versions of the libraries that are linked into the package's binary: sharp's packages list them. */
function libraries(folder) {
  const path = join(folder, 'versions.json');
  return existsSync(path) ? Object.entries(readJson(path)) : [];
}

/**
 * What a package consists of: itself, libraries linked into its binary, and libraries of others that lie in it. Each
 * with the texts that the package brings for it (`own`) and the names of those in licenses/ (`shared`).
 */
function partsOf(folder, shipped) {
  const { name, version, license } = readJson(join(folder, 'package.json'));
  const linked = libraries(folder).map(([library, itsVersion]) => ({
    title: `${library} ${itsVersion}, in ${name}`,
    own: [],
    shared: known.libraries[library],
  }));
  const foreign = shipped
    .filter((path) => path.endsWith('.dll'))
    .map((path) => basename(path))
    .filter((file) => !/^(onnxruntime|libvips)/.test(file))
    .map((file) => ({ title: `${file}, in ${name}`, own: [], shared: known.binaries[file] }));
  return [
    { title: `${name} ${version} (${license})`, own: ownTexts(folder), shared: known.packages[name] },
    ...linked,
    ...foreign,
  ];
}

/**
 * The text of ThirdPartyNotices.txt. Throws with the names of all parts whose licence text is missing.
 * @param {{ folder: string, shipped: string[] }[]} packages each package's folder, and its files that are in the VSIX
 */
export function thirdPartyNotices(packages) {
  const parts = packages.flatMap(({ folder, shipped }) => partsOf(folder, shipped));
  const missing = parts.filter(({ own, shared = [] }) => own.length + shared.length === 0);
  if (missing.length > 0)
    throw new Error(
      `These parts have no licence text; add it to licenses/ and to licenses/index.json: ` +
        missing.map(({ title }) => title).join('; '),
    );
  parts.sort((a, b) => a.title.localeCompare(b.title));
  const shared = [...new Set(parts.flatMap((part) => part.shared ?? []))].sort();
  const sections = [
    'ViTune contains or comes with the following parts.',
    ...parts.map(({ title, own, shared = [] }) =>
      [title, ...own, ...(shared.length > 0 ? [`Licence: see ${shared.join(', ')} below.`] : [])].join('\n\n'),
    ),
    ...shared.map((name) => `${name}\n\n${readFileSync(join(licences, `${name}.txt`), 'utf8').trim()}`),
  ];
  return `${sections.join(`\n\n${'-'.repeat(100)}\n\n`)}\n`;
}
