import { createHash } from 'node:crypto';
import type { FileParts } from './message-parts.js';

/** The sha256 of `content`, whole or in parts, in lower-case hex: the identity of an artefact. */
export function sha256(content: Uint8Array | FileParts): string {
  const hash = createHash('sha256');
  for (const part of content instanceof Uint8Array ? [content] : content) hash.update(part);
  return hash.digest('hex');
}
