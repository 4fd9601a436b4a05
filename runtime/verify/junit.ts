/** One thing that was checked. */
export interface CheckedCase {
  /** The group it belongs to, e.g. "budget". */
  readonly group: string;
  readonly name: string;
  /** Why it failed; null where it passed. */
  readonly failure: string | null;
}

/**
 * The checks of a run as JUnit XML, which continuous-integration servers read: one suite per group, in the order given.
 * `seconds` is the time of all.
 */
export function junitXml(name: string, cases: readonly CheckedCase[], seconds: number): string {
  const groups = [...new Set(cases.map(({ group }) => group))];
  const counts = (own: readonly CheckedCase[]): string =>
    `tests="${own.length}" failures="${own.filter(({ failure }) => failure !== null).length}" errors="0" skipped="0"`;
  const suites = groups.map((group) => {
    const own = cases.filter((entry) => entry.group === group);
    const lines = own.map(({ name: title, failure }) => {
      const head = `    <testcase name="${escaped(title)}" classname="${escaped(`${name}.${group}`)}" time="0"`;
      if (failure === null) return `${head}/>`;
      return `${head}>\n      <failure message="${escaped(failure)}">${escaped(failure)}</failure>\n    </testcase>`;
    });
    return `  <testsuite name="${escaped(group)}" ${counts(own)} time="0">\n${lines.join('\n')}\n  </testsuite>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(name)}" ${counts(cases)} time="${seconds.toFixed(3)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

/** Text that can stand in an attribute or an element; characters that XML 1.0 has no place for become U+FFFD. */
function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replace(/[\t\n\r]/g, (space) => `&#${space.charCodeAt(0)};`)
  );
}
