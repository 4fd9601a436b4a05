import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html } from '../../../runtime/report/html.js';

describe('a template', () => {
  test('escapes text, keeps markup, joins lists', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul title="${'"\'&'}">${items}${1}</ul>`.text).toBe(
      '<ul title="&quot;&#39;&amp;"><li>a</li><li>&lt;b&gt;</li>1</ul>',
    );
  });

  test('lets no text close an attribute or open a tag', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: made } = html`<i title="${text}">${text}</i>`;
        expect(made.match(/</g)).toHaveLength(2);
        expect(made.match(/"/g)).toHaveLength(2);
      }),
    );
  });

  test('replaces what HTML forbids', () => {
    expect(html`${'a\u0000b\u001bc\ufffed\ud800e'}`.text).toBe('a�b�c�d�e');
    expect(html`${'tab\tline\né 漢 😀'}`.text).toBe('tab\tline\né 漢 😀');
  });
});
