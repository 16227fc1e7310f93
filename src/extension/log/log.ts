/** The output channel "ViTune". */
import * as vscode from 'vscode';

let channel: vscode.LogOutputChannel | undefined;

/** Made when first used: most windows never show it. */
export function log(): vscode.LogOutputChannel {
  return (channel ??= vscode.window.createOutputChannel('ViTune', { log: true }));
}
