/** Numbers as the editor's language writes them. */
import * as vscode from 'vscode';
import { Formats } from '../shared/formats.js';

let made: Formats | undefined;

/** Made when first used; a window has one language for its whole life. */
export const formats = (): Formats => (made ??= new Formats(vscode.env.language));
