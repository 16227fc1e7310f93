/**
 * Names from outside are text wherever the editor would read more into them: no links in notifications, no icons in
 * picks and in the status bar.
 */

/** Joins words without a gap, is not seen, and breaks what would be markup in two. */
const joiner = '\u2060';

/** For notifications and progress, where `[words](command:…)` would be a link that runs a command. */
export const withoutLinks = (text: string): string => text.replace(/\]\(/g, `]${joiner}(`);

/** For labels of picks and the status bar, where `$(name)` would be an icon. */
export const withoutIcons = (text: string): string => text.replace(/\$\(/g, `$${joiner}(`);

/**
 * For Markdown, where lines may break between words: `MarkdownString.appendText` makes every space one that does not
 * break.
 */
export const plainMarkdown = (text: string): string =>
  text.replace(/[\\`*_{}[\]()#+\-!~|<>&]/g, '\\$&').replace(/\s+/g, ' ');
