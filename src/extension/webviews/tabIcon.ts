/** The icon of our tabs, which unlike the activity bar's do not take the theme's colour by themselves. */
import * as vscode from 'vscode';

export function tabIcon(extension: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  return {
    light: vscode.Uri.joinPath(extension, 'media', 'vitune-light.svg'),
    dark: vscode.Uri.joinPath(extension, 'media', 'vitune-dark.svg'),
  };
}
