/** Narrow no-break space between number and unit. */
const SPACE = '\u202f';

/** A whole number in groups of three: "61,440". */
export function countText(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

/** A mean of counts: "12.4", "1,536.2", "61,440". */
export function meanText(value: number): string {
  const digits = Math.abs(value) >= 10_000 ? 0 : Math.abs(value) >= 10 || value === 0 ? 1 : 2;
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A share in percent: "63.2 %". */
export function shareText(share: number): string {
  return percentText(share * 100);
}

/** A figure in percent: "6.47 %". */
export function percentText(percent: number): string {
  return `${percent.toFixed(percent < 10 && percent > 0 ? 2 : 1)}${SPACE}%`;
}

const prefixes = [
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
  [1e-12, 'p'],
] as const;

/** A quantity of an SI unit with three figures and the fitting prefix: "1.24 µJ"; null is "unknown". */
export function quantityText(value: number | null, unit: string): string {
  if (value === null) return 'unknown';
  if (value === 0) return `0${SPACE}${unit}`;
  const [factor, prefix] = prefixes.find(([limit]) => Math.abs(value) >= limit * 0.9995) ?? prefixes[4];
  const scaled = value / factor;
  return `${scaled >= 999.5 ? countText(scaled) : scaled.toPrecision(3)}${SPACE}${prefix}${unit}`;
}

/** The SI prefix in which an axis shows such values: the largest is at least 1. */
export function plotUnit(values: readonly number[]): { readonly factor: number; readonly prefix: string } {
  const largest = Math.max(...values);
  const [factor, prefix] = prefixes.find(([limit]) => largest >= limit) ?? prefixes[4];
  return { factor, prefix };
}

/** A figure's name as words: "neuron update active" of "neuronUpdateActive". */
export function figureTitle(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A number of any size: whole ones in full, others with four significant figures. */
export function figureText(value: number | null): string {
  if (value === null) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return countText(value);
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(3);
  return Number(value.toPrecision(4)).toLocaleString('en-GB', { maximumSignificantDigits: 4 });
}

/** A percentage, or a dash where there is none. */
export function optionalPercent(percent: number | null): string {
  return percent === null ? '–' : percentText(percent);
}
