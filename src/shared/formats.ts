/** Numbers, shares, durations and sizes in the user's language. */

/** Formatters of one language (a BCP 47 tag; an unknown one falls back to the browser's own). */
export class Formats {
  private readonly wholeNumber: Intl.NumberFormat;
  private readonly percentage: Intl.NumberFormat;
  private readonly wholePercentage: Intl.NumberFormat;
  private readonly fourDigits: Intl.NumberFormat;
  private readonly tick: Intl.NumberFormat;
  private readonly oneDecimal: Intl.NumberFormat;
  private readonly dateAndTime: Intl.DateTimeFormat;
  private readonly locale: string | undefined;

  constructor(language: string) {
    this.locale = isKnown(language) ? language : undefined;
    this.wholeNumber = new Intl.NumberFormat(this.locale, { maximumFractionDigits: 0 });
    this.percentage = new Intl.NumberFormat(this.locale, {
      style: 'percent',
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    this.wholePercentage = new Intl.NumberFormat(this.locale, { style: 'percent', maximumFractionDigits: 0 });
    this.fourDigits = new Intl.NumberFormat(this.locale, {
      minimumSignificantDigits: 4,
      maximumSignificantDigits: 4,
      useGrouping: false,
    });
    this.tick = new Intl.NumberFormat(this.locale, { maximumSignificantDigits: 4 });
    this.oneDecimal = new Intl.NumberFormat(this.locale, { maximumFractionDigits: 1 });
    this.dateAndTime = new Intl.DateTimeFormat(this.locale, { dateStyle: 'short', timeStyle: 'short' });
  }

  integer(value: number): string {
    return this.wholeNumber.format(value);
  }

  /** `share` in 0 to 1, shown as a percentage with one decimal. */
  percent(share: number): string {
    return this.percentage.format(share);
  }

  wholePercent(share: number): string {
    return this.wholePercentage.format(share);
  }

  /** Four significant digits: a loss of 0.00412 still says something. */
  loss(value: number): string {
    return Number.isFinite(value) ? this.fourDigits.format(value) : String(value);
  }

  /** Up to four significant digits, without trailing zeros: the ticks of an axis. */
  figure(value: number): string {
    return this.tick.format(value);
  }

  /** At most one decimal below 10, none above. */
  speed(value: number): string {
    return value < 10 ? this.oneDecimal.format(value) : this.wholeNumber.format(value);
  }

  /** As people write it in a config: `1e-3`, `9.8e-4`. */
  learningRate(value: number): string {
    return value === 0 ? '0' : Number(value.toPrecision(3)).toExponential();
  }

  /** The two largest units: `2 min 5 sec`. */
  duration(seconds: number): string {
    const whole = Math.max(0, Math.round(seconds));
    const [days, hours, minutes] = [
      Math.floor(whole / 86400),
      Math.floor(whole / 3600) % 24,
      Math.floor(whole / 60) % 60,
    ];
    const parts: [number, string][] = [
      [days, 'day'],
      [hours, 'hour'],
      [minutes, 'minute'],
      [whole % 60, 'second'],
    ];
    const first = parts.findIndex(([amount]) => amount > 0);
    if (first < 0) return this.unit(0, 'second');
    return parts
      .slice(first, first + 2)
      .filter(([amount], index) => index === 0 || amount > 0)
      .map(([amount, unit]) => this.unit(amount, unit))
      .join(' ');
  }

  /** Like `duration`, but with tenths below ten seconds: times that are compared with one another. */
  timing(seconds: number): string {
    return seconds < 10 ? this.unit(seconds, 'second') : this.duration(seconds);
  }

  /** Decimal kB and MB, as file managers say. */
  bytes(value: number): string {
    if (value < 1000) return this.unit(value, 'byte');
    if (value < 999_500) return this.unit(value / 1000, 'kilobyte');
    return this.unit(value / 1_000_000, 'megabyte');
  }

  /** `time` in milliseconds since 1970. */
  moment(time: number): string {
    return this.dateAndTime.format(time);
  }

  private unit(value: number, unit: string): string {
    const digits = value < 10 ? 1 : 0;
    return new Intl.NumberFormat(this.locale, {
      style: 'unit',
      unit,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(value);
  }
}

function isKnown(language: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(language).length > 0;
  } catch (error) {
    // A malformed tag (RangeError) only means: use the browser's own language.
    if (error instanceof RangeError) return false;
    throw error;
  }
}
