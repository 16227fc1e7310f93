/**
 * Registers a language without translations, so that an editor without a network runs in it: our strings are the only
 * ones in that language.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes what VS Code itself writes into a user data folder when a language pack is installed; `locale` is a language
 * tag such as `tr`.
 */
export function writeLanguagePack(locale: string, userData: string): void {
  const translations = join(userData, 'translations.json');
  writeFileSync(translations, JSON.stringify({ version: '1.0.0', contents: {} }));
  const label = new Intl.DisplayNames('en', { type: 'language' }).of(locale);
  // Without an extension that it is from, VS Code would take it for not installed and wait for the marketplace.
  const extensions = [{ extensionIdentifier: { id: `vitune-test.${locale}` }, version: '1.0.0' }];
  const pack = { hash: locale, label, extensions, translations: { vscode: translations } };
  writeFileSync(join(userData, 'languagepacks.json'), JSON.stringify({ [locale]: pack }));
}
