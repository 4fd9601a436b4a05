import { createHash } from 'node:crypto';

/** The sha256 of `bytes` in lower-case hex: the identity of an artefact. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
