/**
 * The rules of the source tree that a compiler does not know: who may import whom, how long a file may be and how it
 * begins.
 */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** As written. */
  specifier: string;
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
}

/** Every import of a source text: declarations, re-exports, `import()`, `require()` and types by `import('…')`. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean) => {
    if (node && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const names =
        clause?.namedBindings && ts.isNamedImports(clause.namedBindings) && !clause.name
          ? clause.namedBindings.elements
          : undefined;
      add(
        node.moduleSpecifier,
        clause?.isTypeOnly || (names !== undefined && names.length > 0 && names.every((name) => name.isTypeOnly)),
      );
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node)) {
      const called = node.expression;
      if (called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require'))
        add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

/**
 * What each room of the trainer may import in addition to itself, `core` and `errors`. No room imports one above it, so
 * no two rooms import each other.
 */
const mathematics = ['ir', 'autodiff', 'nn', 'peft', 'optim'];
const execution = [...mathematics, 'compile', 'onnx', 'cuda', 'engine'];
const storage = ['data', 'checkpoint', 'hub', 'config'];
const runnable = [...execution, ...storage, 'models', 'runs'];
const below: Record<string, string[]> = {
  errors: [],
  core: [],
  ir: [],
  autodiff: ['ir'],
  nn: ['ir'],
  peft: ['ir', 'config'],
  optim: ['ir'],
  onnx: ['ir'],
  compile: [...mathematics, 'config'],
  cuda: ['hub'],
  engine: [...mathematics, 'compile', 'onnx', 'cuda'],
  data: [],
  checkpoint: [],
  hub: [],
  config: [],
  models: [...execution, ...storage],
  runs: [...storage, 'models'],
  inference: runnable,
  insight: runnable,
  training: [...runnable, 'inference', 'insight'],
  export: [...runnable, 'inference'],
  commandLine: [...runnable, 'inference', 'insight', 'training', 'export'],
};
const everywhere: Record<string, string[]> = { errors: [], core: ['errors'] };
const roomsBelow = (room: string): string[] | undefined =>
  below[room] && [...below[room], ...(everywhere[room] ?? ['core', 'errors'])];

/** Packages that a part of the tree keeps to itself, by the paths that may import them. */
const keepers: [packages: RegExp, importer: RegExp][] = [
  [/^vscode$/, /^src\/extension\//],
  [/^onnxruntime-(node|common)$/, /^src\/trainer\/engine\/ort\/session\.ts$/],
  [/^sharp$/, /^src\/trainer\/data\/decode\.ts$/],
  [/^@huggingface\/hub$/, /^src\/trainer\/hub\//],
  [/^@tensorflow\//, /^src\/trainer\/engine\/tfjs\//],
  [/^@vscode\/webview-ui-toolkit/, /^src\/webview\/controls\.ts$/],
];

/**
 * An engine is a folder of `engine/`. Only these files know that there are several, and no other may depend on one.
 */
const engineFolder = /^src\/trainer\/engine\/[^/]+\//;
const engineChoosers = /^src\/trainer\/engine\/(createEngine|loadOnnxFile)\.ts$/;
/** The neutral part of `engine/`, which speaks no engine's format. */
const neutralEngine = /^src\/trainer\/engine\/[^/]+\.ts$/;

function breaksEngineBoundary(path: string, target: string): string | undefined {
  const own = engineFolder.exec(path)?.[0];
  if (engineFolder.test(target) && !(own && target.startsWith(own)) && !engineChoosers.test(path))
    return 'is inside an engine, which only createEngine and loadOnnxFile choose';
  if (neutralEngine.test(path) && target.startsWith('src/trainer/onnx/'))
    return 'is a format of one engine, and this file is for all of them';
  return undefined;
}

/** Tables with a row an op may be longer than people read at once: they are looked up, not read. */
const ruleTables = /^src\/trainer\/(ir|autodiff|onnx)\/(rules|op|shape|emit|print|check)\.ts$/;
const longest = 500;

const isBuiltin = (specifier: string) => specifier.startsWith('node:') || builtinModules.includes(specifier);
const partOf = (path: string) => path.split('/')[1]!;

/** The folder of `path` below its part of the tree; undefined for a file that lies in the part itself. */
const roomOf = (path: string): string | undefined => {
  const folders = path.split('/');
  return folders.length > 3 ? folders[2] : undefined;
};

/** Why `path` may not import `target`, a file of the project; undefined where it may. */
function forbidden(path: string, target: string, typeOnly: boolean): string | undefined {
  const part = partOf(path);
  if (!target.startsWith('src/')) return 'lies outside src';
  if (part === 'shared') return partOf(target) === 'shared' ? undefined : 'lies outside shared, which imports nothing';
  if (partOf(target) === 'shared') return undefined;
  if (part === 'trainer') {
    if (partOf(target) !== 'trainer') return 'lies outside the trainer';
    const boundary = breaksEngineBoundary(path, target);
    if (boundary) return boundary;
    const [from, to] = [roomOf(path), roomOf(target)];
    if (from === undefined || to === undefined || from === to) return undefined;
    const allowed = roomsBelow(from);
    if (!allowed)
      return `is imported from src/trainer/${from}, whose place among the layers test/tidy.ts does not know`;
    return allowed.includes(to) ? undefined : `lies in ${to}, which is not below ${from}`;
  }
  if (partOf(target) === part) return undefined;
  if (target === 'src/trainer/protocol.ts') {
    return part === 'webview' && !typeOnly ? 'is imported for more than its types' : undefined;
  }
  if (part === 'extension' && target === 'src/webview/protocol.ts') return undefined;
  return `is not a door of ${partOf(target)}`;
}

const targetOf = (path: string, specifier: string) =>
  posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');

function importViolations(path: string, text: string): string[] {
  const found: string[] = [];
  for (const { specifier, typeOnly } of importsOf(path, text)) {
    if (specifier.startsWith('.')) {
      const target = targetOf(path, specifier);
      const reason = specifier.endsWith('.css') ? undefined : forbidden(path, target, typeOnly);
      if (reason) found.push(`${path}: ${target} ${reason}`);
      continue;
    }
    const keeper = keepers.find(([packages]) => packages.test(specifier));
    if (keeper && !keeper[1].test(path)) found.push(`${path}: ${specifier} is imported outside ${keeper[1].source}`);
    if (partOf(path) === 'shared') found.push(`${path}: ${specifier} is imported, and src/shared imports nothing`);
    if (partOf(path) === 'webview' && isBuiltin(specifier))
      found.push(`${path}: ${specifier} is not there in a browser`);
  }
  return found;
}

/**
 * A sentence about the whole file, before any code: `/** … *\/`, ending its first sentence with a full stop or a colon.
 */
function hasOpening(text: string): boolean {
  const opening = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text);
  return opening !== null && /[.:!?](\s|$)/.test(opening[1]!.replace(/^\s*\* ?/gm, '').trim());
}

/** The imports of each file of the tree that are files of the tree themselves. */
function importGraph(files: ReadonlyMap<string, string>): Map<string, string[]> {
  const targetsOf = (path: string, text: string) =>
    importsOf(path, text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => targetOf(path, specifier))
      .filter((target) => files.has(target));
  return new Map([...files].map(([path, text]) => [path, targetsOf(path, text)]));
}

/** Each cycle of imports, types included, that a walk through the tree meets: as `a.ts → b.ts → a.ts`. */
function cycles(files: ReadonlyMap<string, string>): string[] {
  const graph = importGraph(files);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) return void found.push([...trail.slice(start), path].join(' → '));
    if (done.has(path)) return;
    for (const target of graph.get(path)!) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) walk(path, []);
  return found.map((cycle) => `a cycle of imports: ${cycle}`);
}

/** Program text is at most this wide. Only a line that holds nothing but one string literal may be wider. */
const widest = 120;
const loneString = /^\s*(?:'[^']*'|"[^"]*"|`[^`]*`)[,;)]*$/;

function wideLines(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, i) => {
    const width = [...line].length;
    return width > widest && !loneString.test(line) ? [`${path}:${i + 1}: ${width} columns; at most ${widest}`] : [];
  });
}

/** Files that may lie in a part of the tree itself rather than in one of its rooms. */
const doors = new Set(['src/trainer/protocol.ts']);

/** All violations in a tree: `files` maps paths such as `src/trainer/ir/op.ts` to their texts. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    found.push(...wideLines(path, text));
    if (path.endsWith('.css')) continue;
    found.push(...importViolations(path, text));
    const lines = text.trimEnd().split('\n').length;
    if (lines > longest && !ruleTables.test(path)) found.push(`${path}: ${lines} lines; at most ${longest}`);
    if (!hasOpening(text)) found.push(`${path}: does not begin with a sentence that says what lives there`);
    if (/(^|\/)(utils?|base|helpers?|common|misc)\b/i.test(path)) found.push(`${path}: a name that says nothing`);
    if (partOf(path) === 'trainer' && roomOf(path) === undefined && !doors.has(path)) {
      found.push(`${path}: lies in no room of the trainer`);
    }
  }
  found.push(...cycles(files));
  return found;
}
