/** What `stage.json` says of a finished stage. */
export interface StageRecord {
  readonly format: 'spikewright/stage';
  readonly formatVersion: 1;
  readonly stage: string;
  readonly version: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: unknown;
  /** sha256 of stage, version, inputs and options. */
  readonly key: string;
  readonly outputs: readonly { readonly file: string; readonly sha256: string; readonly bytes: number }[];
  /** What making the outputs took. */
  readonly seconds: number;
}

/** A stage record from JSON text; null where the text is none, so that the stage is made again. */
export function parseRecord(text: string): StageRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is StageRecord {
  if (!isObject(value)) return false;
  const { format, formatVersion, stage, version, inputs, key, outputs, seconds } = value;
  return (
    format === 'spikewright/stage' &&
    formatVersion === 1 &&
    [stage, version, key].every((entry) => typeof entry === 'string') &&
    isObject(inputs) &&
    typeof seconds === 'number' &&
    Array.isArray(outputs) &&
    outputs.every((output) => isObject(output) && isFileName(output.file) && typeof output.sha256 === 'string')
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A bare name: a record must not make its reader open files elsewhere. */
function isFileName(value: unknown): boolean {
  return typeof value === 'string' && /^[\w][\w.-]*$/.test(value);
}
