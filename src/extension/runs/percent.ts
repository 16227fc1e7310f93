/** A share of 1 as per cent in the person's way of writing numbers, with one decimal or whole. */
import * as vscode from 'vscode';

export function percent(share: number, decimals = 1): string {
  return share.toLocaleString(vscode.env.language, {
    style: 'percent',
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}
