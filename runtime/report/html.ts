/** Markup that needs no more escaping. */
export class Html {
  constructor(readonly text: string) {}
}

/** What can stand in a hole of `html`: text and numbers are escaped, markup and lists of it are not. */
export type HtmlPart = string | number | Html | readonly HtmlPart[];

/** A template whose holes are escaped, so that no text from a file can become markup. */
export function html(parts: TemplateStringsArray, ...holes: readonly HtmlPart[]): Html {
  return new Html(parts.map((part, index) => (index === 0 ? part : flatten(holes[index - 1]!) + part)).join(''));
}

function flatten(part: HtmlPart): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part));
  return part.map(flatten).join('');
}

/** Text for an element or a quoted attribute; control characters that HTML forbids become "�". */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\u{10000}-\u{10ffff}]/gu, '�');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
