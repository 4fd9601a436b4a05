import fc from 'fast-check';
import { expect, it } from 'vitest';
import { junitXml } from '../../../runtime/verify/junit.js';

it('checks are suites by group, with counts that servers read', () => {
  const xml = junitXml(
    'verify',
    [
      { group: 'budget', name: 'atMost.cores', failure: null },
      { group: 'budget', name: 'atMost.chips', failure: '3 < "4" & more' },
      { group: 'baseline', name: 'chip.energyJoules', failure: null },
    ],
    1.23456,
  );
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="verify" tests="3" failures="1" errors="0" skipped="0" time="1.235">
  <testsuite name="budget" tests="2" failures="1" errors="0" skipped="0" time="0">
    <testcase name="atMost.cores" classname="verify.budget" time="0"/>
    <testcase name="atMost.chips" classname="verify.budget" time="0">
      <failure message="3 &lt; &quot;4&quot; &amp; more">3 &lt; &quot;4&quot; &amp; more</failure>
    </testcase>
  </testsuite>
  <testsuite name="baseline" tests="1" failures="0" errors="0" skipped="0" time="0">
    <testcase name="chip.energyJoules" classname="verify.baseline" time="0"/>
  </testsuite>
</testsuites>
`);
});

it('any text stays text: no markup, no character that XML cannot hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const xml = junitXml(text, [{ group: text, name: text, failure: text }], 0);
      const values = [...xml.matchAll(/"([^"]*)"/g)].map(([, value]) => value!);
      for (const value of values) expect(value).not.toMatch(/[<>\n]/);
      expect(xml.match(/<(?!\/?(?:testsuites?|testcase|failure)\b|\?xml )/)).toBeNull();
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u);
      expect(xml.replace(/&(?:amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&');
    }),
  );
});
