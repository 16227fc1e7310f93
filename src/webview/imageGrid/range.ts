/** Reads what a user types as an end of a range: a share in percent, kilobytes, a date, or a figure. */
import type { NumberColumn } from '../../shared/imageList.js';

const day = 86_400_000;

/**
 * The number in the column's unit; `undefined`: nothing was typed; `null`: it is no such number. A date as the end of a
 * range includes its day.
 */
export function numberTyped(
  format: NumberColumn['format'],
  text: string,
  end: 'from' | 'to',
): number | undefined | null {
  const typed = text.trim();
  if (!typed) return undefined;
  if (format === 'date') {
    const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(typed);
    if (!parts) return null;
    const [year, month, date] = parts.slice(1).map(Number) as [number, number, number];
    const start = new Date(year, month - 1, date);
    if (start.getMonth() !== month - 1 || start.getDate() !== date) return null;
    return end === 'from' ? start.getTime() : start.getTime() + day - 1;
  }
  if (!/^-?(\d+([.,]\d*)?|[.,]\d+)$/.test(typed)) return null;
  const number = Number(typed.replace(',', '.'));
  if (format === 'percent') return number / 100;
  return format === 'bytes' ? number * 1000 : number;
}

/** The text of a number as `numberTyped` reads it. */
export function textOf(format: NumberColumn['format'], value: number | undefined): string {
  if (value === undefined) return '';
  if (format === 'date') {
    const date = new Date(value);
    const two = (part: number) => String(part).padStart(2, '0');
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  }
  const number = format === 'percent' ? value * 100 : format === 'bytes' ? value / 1000 : value;
  return String(Number(number.toPrecision(6)));
}
