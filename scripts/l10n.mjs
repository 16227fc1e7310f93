/**
 * What l10n/bundle.l10n.tr.json lacks or has too much: `node scripts/l10n.mjs [--write]`. `--write` drops what is stale
 * and adds what is missing, empty.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root } from './ensure-installed.mjs';

/** The placeholders of a text, sorted: `{0}`, `{1}`. */
const placeholdersOf = (text) => [...new Set(text.match(/\{\d+\}/g))].sort();

/**
 * The messages of one source file, and what of them cannot be translated as it is written.
 * Calls of `t` and of `l10n.t` count; @vscode/l10n-dev sees the second form only.
 * @param {string} path for the words of a fault
 * @param {string} text
 * @returns {{ messages: string[], faults: string[] }}
 */
export function messagesOf(path, text) {
  const messages = [];
  const faults = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !/^(t|(\w+\.)?l10n\.t)$/.test(node.expression.getText())) return;
    const [message, ...values] = node.arguments;
    const place = `${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (!message || !ts.isStringLiteralLike(message))
      return void faults.push(`${place}: the message is not one literal string`);
    messages.push(message.text);
    const used = placeholdersOf(message.text).join(' ');
    const given = values.map((_, index) => `{${index}}`).join(' ');
    if (used !== given)
      faults.push(`${place}: the message has placeholders ${used || 'none'}, the call gives ${given || 'none'}`);
    // @vscode/l10n takes all from the first brace to the next closing one for the name of a placeholder.
    if (given && message.text.replaceAll(/\{\d+\}/g, '').includes('{'))
      faults.push(`${place}: the message has a brace that begins no placeholder`);
  };
  // Elsewhere `t` may be a tensor, a test or a fraction.
  if (/\bl10n\b/.test(text)) visit(source);
  return { messages, faults };
}

/**
 * What is wrong with a translation.
 * @param {Iterable<string>} messages of the source
 * @param {Record<string, string>} bundle from message to translation
 * @returns {string[]} one line a fault
 */
export function bundleFaults(messages, bundle) {
  const wanted = new Set(messages);
  const faults = [];
  for (const message of wanted) {
    const translation = bundle[message];
    const [used, kept] = [placeholdersOf(message).join(' '), placeholdersOf(translation ?? '').join(' ')];
    if (translation === undefined) faults.push(`missing: ${message}`);
    else if (translation.trim() === '') faults.push(`empty: ${message}`);
    else if (used !== kept) faults.push(`placeholders ${kept || 'none'} for ${used || 'none'}: ${message}`);
  }
  for (const message of Object.keys(bundle)) if (!wanted.has(message)) faults.push(`stale: ${message}`);
  return faults;
}

/**
 * What is wrong with the strings of package.json: a `%key%` that a language lacks or leaves empty, an entry that is
 * used nowhere.
 * @param {string} manifest the text of package.json
 * @param {Record<string, Record<string, string>>} languages from file name to its strings
 */
export function manifestFaults(manifest, languages) {
  const wanted = [...new Set([...manifest.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key))];
  return Object.entries(languages).flatMap(([file, strings]) => [
    ...wanted.filter((key) => !strings[key]?.trim()).map((key) => `${file}: missing: ${key}`),
    ...Object.keys(strings)
      .filter((key) => !wanted.includes(key))
      .map((key) => `${file}: stale: ${key}`),
  ]);
}

/** The messages and faults of all of src/, in the order of the files. */
export function sourceMessages() {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const found = paths
    .sort()
    .map((path) => messagesOf(`src/${path.replaceAll('\\', '/')}`, readFileSync(join(root, 'src', path), 'utf8')));
  return {
    messages: [...new Set(found.flatMap((file) => file.messages))],
    faults: found.flatMap((file) => file.faults),
  };
}

export const bundlePath = join(root, 'l10n', 'bundle.l10n.tr.json');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { messages, faults } = sourceMessages();
  let bundle = JSON.parse(readFileSync(bundlePath, 'utf8'));
  if (process.argv.includes('--write')) {
    bundle = Object.fromEntries(messages.map((message) => [message, bundle[message] ?? '']));
    writeFileSync(bundlePath, `${JSON.stringify(bundle, null, 2)}\n`);
  }
  faults.push(...bundleFaults(messages, bundle));
  for (const fault of faults) console.error(fault);
  console.log(`${messages.length} messages, ${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}
