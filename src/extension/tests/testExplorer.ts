/** The tests of models in the Test Explorer: it finds their files, lists the tests, and runs them in the trainer. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { configEndings, isConfigName } from '../../shared/configNames.js';
import { testFileEnding } from '../../shared/testNames.js';
import type { TestResult } from '../../trainer/protocol.js';
import { infoOf, isCancel } from '../errors/showError.js';
import type { Launch } from '../trainer/launch.js';
import { runCommand } from '../trainer/runCommand.js';
import { failureOf, outputOfResult } from './testMessages.js';
import { testsOfText } from './testsOfText.js';

const { t } = vscode.l10n;

const pattern = `**/*{${[testFileEnding, ...configEndings].join(',')}}`;
const elsewhere = '**/{node_modules,runs}/**';
/** `vitune test` ends with it where a test failed. */
const failedCode = 1;

export class TestExplorer implements vscode.Disposable {
  readonly #controller = vscode.tests.createTestController('vitune', 'ViTune');
  readonly #subscriptions: vscode.Disposable[];

  constructor(
    private readonly launch: Launch,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#controller.refreshHandler = () => this.#findAll();
    this.#controller.createRunProfile(
      t('Run'),
      vscode.TestRunProfileKind.Run,
      (request, token) => this.#run(request, token),
      true,
    );
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const look = (uri: vscode.Uri): void => void this.#look(uri).catch(onFailure);
    this.#subscriptions = [
      watcher,
      watcher.onDidCreate(look),
      watcher.onDidChange(look),
      watcher.onDidDelete((uri) => this.#controller.items.delete(uri.toString())),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (isTestFile(document.uri)) this.#list(document.uri, document.getText());
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#findAll().catch(onFailure)),
    ];
    this.#findAll().catch(onFailure);
  }

  dispose(): void {
    vscode.Disposable.from(this.#controller, ...this.#subscriptions).dispose();
  }

  async #findAll(): Promise<void> {
    const found = await vscode.workspace.findFiles(pattern, elsewhere);
    const known = new Set(found.map((uri) => uri.toString()));
    this.#controller.items.forEach(({ id }) => known.has(id) || this.#controller.items.delete(id));
    for (const uri of found) await this.#look(uri);
  }

  async #look(uri: vscode.Uri): Promise<void> {
    if (/[\\/](node_modules|runs)[\\/]/.test(vscode.workspace.asRelativePath(uri))) return;
    const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    // It may be gone again.
    const bytes = open ? undefined : await Promise.resolve(vscode.workspace.fs.readFile(uri)).catch(() => undefined);
    const text = open?.getText() ?? (bytes && new TextDecoder().decode(bytes));
    if (text === undefined) this.#controller.items.delete(uri.toString());
    else this.#list(uri, text);
  }

  /** Lists the tests of a file; a config without tests is no file of tests. */
  #list(uri: vscode.Uri, text: string): void {
    const tests = testsOfText(text);
    const id = uri.toString();
    if (!tests.length && isConfigName(uri.path)) return this.#controller.items.delete(id);
    const file = this.#controller.items.get(id) ?? this.#controller.createTestItem(id, basename(uri.path), uri);
    const place = vscode.workspace.asRelativePath(uri);
    if (place !== file.label) file.description = place;
    const names = new Set(tests.map(({ name }) => name));
    file.children.forEach((item) => names.has(item.id) || file.children.delete(item.id));
    tests.forEach(({ name, start, end }, i) => {
      const item = file.children.get(name) ?? this.#controller.createTestItem(name, name, uri);
      item.range = new vscode.Range(start.line, start.character, end.line, end.character);
      item.sortText = String(i).padStart(5, '0');
      file.children.add(item);
    });
    this.#controller.items.add(file);
  }

  async #run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.#controller.createTestRun(request);
    try {
      const files = this.#chosen(request);
      for (const items of files.values()) items.forEach((item) => run.enqueued(item));
      for (const [file, items] of files) {
        if (token.isCancellationRequested) items.forEach((item) => run.skipped(item));
        else await this.#runFile(run, file, items, token);
      }
    } catch (error) {
      this.onFailure(error);
    } finally {
      run.end();
    }
  }

  /** The tests of a request, by file. */
  #chosen({ include, exclude = [] }: vscode.TestRunRequest): Map<vscode.TestItem, vscode.TestItem[]> {
    const files = new Map<vscode.TestItem, vscode.TestItem[]>();
    const add = (item: vscode.TestItem): void => {
      if (exclude.includes(item)) return;
      if (!item.parent) item.children.forEach(add);
      else files.set(item.parent, [...(files.get(item.parent) ?? []), item]);
    };
    if (include) include.forEach(add);
    else this.#controller.items.forEach(add);
    return files;
  }

  async #runFile(
    run: vscode.TestRun,
    file: vscode.TestItem,
    items: readonly vscode.TestItem[],
    token: vscode.CancellationToken,
  ): Promise<void> {
    const uri = file.uri!;
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    // The trainer reads the file, and what is typed is what is meant.
    if (document?.isDirty) await document.save();
    const waiting = new Map(items.map((item) => [item.id, item]));
    for (const item of items) run.started(item);
    const controller = new AbortController();
    const cancelling = token.onCancellationRequested(() => controller.abort());
    let start = performance.now();
    const onOutput = (result: TestResult): void => {
      const item = result.type === 'test' ? waiting.get(result.name) : undefined;
      if (!item) return;
      waiting.delete(item.id);
      run.appendOutput(outputOfResult(result), undefined, item);
      const duration = performance.now() - start;
      start = performance.now();
      if (result.passed) run.passed(item, duration);
      else run.failed(item, located(failureOf(result), item), duration);
    };
    try {
      const only = items.length < file.children.size ? items.flatMap(({ id }) => ['--only', id]) : [];
      const args = [uri.fsPath, ...only];
      await runCommand(this.launch, 'test', { args, signal: controller.signal, answersWith: failedCode, onOutput });
      for (const item of waiting.values())
        run.errored(item, located(new vscode.TestMessage(t('The trainer said nothing about this test.')), item));
    } catch (error) {
      for (const item of waiting.values()) {
        if (isCancel(error)) run.skipped(item);
        else run.errored(item, errorOf(error, item));
      }
    } finally {
      cancelling.dispose();
    }
  }
}

const isTestFile = ({ path }: vscode.Uri): boolean => path.endsWith(testFileEnding) || isConfigName(path);

function located(message: vscode.TestMessage, { uri, range }: vscode.TestItem): vscode.TestMessage {
  message.location = new vscode.Location(uri!, range ?? new vscode.Position(0, 0));
  return message;
}

/** What is wrong with the file is said at its place there, all else at the test. */
function errorOf(error: unknown, item: vscode.TestItem): vscode.TestMessage {
  const { message, remedy, file, line, column } = infoOf(error);
  const found = located(new vscode.TestMessage(`${message} ${remedy}`), item);
  if (file === item.uri!.fsPath && line !== undefined)
    found.location = new vscode.Location(item.uri!, new vscode.Position(line - 1, (column ?? 1) - 1));
  return found;
}
