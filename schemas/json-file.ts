import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { type Diagnostic, diagnostic, failure, SpikewrightError } from './diagnostic.js';
import type { DiagnosticCode } from './diagnostic-codes.js';
import { nearestWord } from './nearest-word.js';

/** The JSON formats, each with its JSON Schema in NAME.schema.json beside this file. */
export const jsonFormats = [
  'target',
  'run',
  'budget',
  'report',
  'stats',
  'reproducer',
  'progress',
  'result',
  'sweep',
  'sweep-result',
  'bench',
] as const;

/** The name of a JSON format. */
export type JsonFormat = (typeof jsonFormats)[number];

/** The most violations of one file that are reported. */
const VIOLATIONS_MAX = 20;
/** The most characters of an offending value that a message quotes. */
const QUOTE_MAX = 80;

const compiled = new Map<JsonFormat, ValidateFunction>();
/** Defaults are filled in; every violation is found; `verbose` gives messages the value that they quote. */
const ajv = new Ajv2020({
  allErrors: true,
  verbose: true,
  useDefaults: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
});

/** The JSON Schema of a format. */
export function jsonSchema(format: JsonFormat): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(new URL(`./${format}.schema.json`, import.meta.url), 'utf8'));
}

/** Parses JSON text from a file. Throws SW1020 where it is no JSON. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure('SW1020', { where, what: `this is no JSON (${reason}).` }, { cause: error });
  }
}

/**
 * Checks a value against a format's schema and fills in defaults (in place); the caller states the type that the schema
 * describes. Throws SW1021 (unknown key), SW1022 (missing key) and SW1023 (bad value), each naming its JSON path.
 */
export function checkJson<T>(format: JsonFormat, value: unknown, where: string): T {
  const validate = validator(format);
  if (validate(value)) return value as T;
  throw new SpikewrightError(violations(validate.errors ?? [], where));
}

/** Parses and checks JSON text: `parseJson`, then `checkJson`. */
export function readJson<T>(format: JsonFormat, text: string, where: string): T {
  return checkJson<T>(format, parseJson(text, where), where);
}

/** The top-level keys that a format knows. */
function knownKeys(format: JsonFormat): readonly string[] {
  return Object.keys(jsonSchema(format).properties as object);
}

/**
 * The format whose top-level keys the value has most of, unless it has all that a result must have, whose other keys are
 * free, and some that the format does not know; null where it has none of any.
 */
export function likeliestFormat(value: unknown): JsonFormat | null {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const telling = keys.filter((key) => key !== '$schema' && key !== 'formatVersion');
  const shared = (format: JsonFormat) => {
    const known = knownKeys(format);
    return telling.filter((key) => known.includes(key)).length;
  };
  const ranked = jsonFormats.map((format) => ({ format, count: shared(format) })).sort((a, b) => b.count - a.count);
  const first = ranked[0]!;
  const isWhole = (jsonSchema('result').required as readonly string[]).every((key) => keys.includes(key));
  if (isWhole && first.count < telling.length) return 'result';
  return first.count > 0 ? first.format : null;
}

function validator(format: JsonFormat): ValidateFunction {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const validate = ajv.compile(jsonSchema(format));
  compiled.set(format, validate);
  return validate;
}

/** Diagnostics for schema errors, without those that only repeat that a branch of an `if` or `anyOf` failed. */
function violations(errors: readonly ErrorObject[], where: string): Diagnostic[] {
  const telling = errors.filter(({ keyword }) => keyword !== 'if');
  const seen = new Set<string>();
  const found: Diagnostic[] = [];
  for (const error of telling) {
    const entry = describe(error, where);
    const text = `${entry.where} ${entry.what}`;
    if (seen.has(text)) continue;
    seen.add(text);
    found.push(entry);
  }
  return found.slice(0, VIOLATIONS_MAX);
}

function describe(error: ErrorObject, file: string): Diagnostic {
  const { keyword, params } = error;
  const path = jsonPath(error.instancePath);
  const at = path === '' ? 'the top level' : path;
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const key = String(params.additionalProperty ?? params.unevaluatedProperty);
    const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
    const near = nearestWord(key, known);
    const list = known.filter((name) => name !== '$schema').join(', ');
    return fault('SW1021', join(path, key), file, `unknown key "${clip(key)}" in ${at}.`, {
      fix: near === null ? `Known keys there: ${list}.` : `Did you mean "${near}"? Known keys there: ${list}.`,
    });
  }
  if (keyword === 'required') {
    const key = String(params.missingProperty);
    return fault('SW1022', join(path, key), file, `key "${key}" is missing in ${at}.`);
  }
  return fault('SW1023', path, file, `${clip(JSON.stringify(error.data) ?? 'nothing')} ${demand(error)}.`);
}

function fault(
  code: DiagnosticCode,
  path: string,
  file: string,
  what: string,
  more: { fix?: string } = {},
): Diagnostic {
  return diagnostic(code, 'error', { where: path === '' ? file : `${file}, ${path}`, what, ...more });
}

/** What the schema asks of a value, as the end of the sentence that begins with the value. */
function demand({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `must be of type ${[params.type].flat().join(' or ')}`;
    case 'enum':
      return `must be one of ${params.allowedValues.map((allowed: unknown) => JSON.stringify(allowed)).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return message ?? `breaks the rule "${keyword}"`;
  }
}

/** "/a/0/b~1c" → "a[0].b/c". */
function jsonPath(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(join, '');
}

function join(path: string, step: string): string {
  if (/^\d+$/.test(step)) return `${path}[${step}]`;
  return path === '' ? clip(step) : `${path}.${clip(step)}`;
}

function clip(text: string): string {
  return text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}…` : text;
}
