/** The config's JSON Schema, in the language of the editor where there is one: what the form and the picks offer. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Schema } from '../trainPanel/formRules.js';

export async function readSchema(extension: vscode.Uri): Promise<Schema> {
  const folder = vscode.Uri.joinPath(extension, 'dist', 'schema').fsPath;
  const ofLanguage = join(folder, `vitune.schema.${vscode.env.language}.json`);
  return JSON.parse(
    await readFile(existsSync(ofLanguage) ? ofLanguage : join(folder, 'vitune.schema.json'), 'utf8'),
  ) as Schema;
}
