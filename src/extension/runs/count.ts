/** Counts in the user's way of writing numbers, alone and with what is counted. */
import * as vscode from 'vscode';

const { t } = vscode.l10n;

export const count = (value: number): string => value.toLocaleString(vscode.env.language);

export const imagesText = (images: number): string => (images === 1 ? t('1 image') : t('{0} images', count(images)));

export const classesText = (classes: number): string =>
  classes === 1 ? t('1 class') : t('{0} classes', count(classes));
