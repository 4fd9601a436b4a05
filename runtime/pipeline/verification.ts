import type { LevelName } from '../../schemas/report.js';
import type { Statistics } from '../../schemas/stats.js';
import { levelNames } from '../verify/levels.js';
import { ownSource } from '../verify/transfer.js';
import type { VerifyResult } from '../verify/verify.js';

/** What verification found, as plain JSON data. */
export interface Verification {
  readonly samples: number;
  readonly levels: VerifyResult['levels'];
  readonly outcomes: VerifyResult['outcomes'];
  readonly transfer: VerifyResult['transfer'];
  readonly members: VerifyResult['members'];
  readonly comparisons: VerifyResult['comparisons'];
  readonly agreement: VerifyResult['agreement'];
  readonly spikeAgreement: VerifyResult['spikeAgreement'];
  readonly blackBox: VerifyResult['blackBox'];
  readonly comparison: VerifyResult['comparison'];
  readonly fault: VerifyResult['fault'];
  /** Of the chip on the clean images, and on those crafted against its twin. */
  readonly statistics: { readonly clean: Statistics; readonly adversarial: Statistics };
  /** Classes of the first samples, one per example; the adversarial ones were crafted against the level itself. */
  readonly examplePredictions: Readonly<
    Record<LevelName, { readonly clean: readonly number[]; readonly adversarial: readonly number[] } | null>
  >;
  readonly exampleLogits: VerifyResult['exampleLogits'];
  /** Adversarial images of the first samples: little-endian float32 [N, H, W, C] as base64. */
  readonly adversarialBase64: string;
}

/** A verification's result without what only its run needs; `imageSize` is H·W·C. */
export function verificationOf(result: VerifyResult, imageSize: number): Verification {
  const { adversarial, predictions, failing: _, ...measured } = result;
  const examples = adversarial.length / imageSize;
  return {
    ...measured,
    examplePredictions: Object.fromEntries(
      levelNames.map((name) => {
        const found = predictions[name];
        if (found === null) return [name, null];
        return [
          name,
          {
            clean: [...found.clean!.slice(0, examples)],
            adversarial: [...found[ownSource(name, predictions)]!.slice(0, examples)],
          },
        ];
      }),
    ) as Verification['examplePredictions'],
    adversarialBase64: Buffer.from(adversarial.buffer, adversarial.byteOffset, adversarial.byteLength).toString(
      'base64',
    ),
  };
}

/** The adversarial images [N, H, W, C] of a verification. */
export function adversarialImages({ adversarialBase64 }: Verification): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(adversarialBase64, 'base64'));
  return new Float32Array(bytes.buffer, 0, bytes.length / Float32Array.BYTES_PER_ELEMENT);
}
