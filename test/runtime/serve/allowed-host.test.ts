import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAllowedHost } from '../../../runtime/serve/allowed-host.js';

const port = fc.integer({ min: 1, max: 65_535 });

test('a server answers under addresses and its machine’s names with its own port', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6().map((address) => `[${address}]`),
        fc.constant('LocalHost'),
      ),
      port,
      (host, own) => {
        expect(isAllowedHost(`${host}:${own}`, own, '127.0.0.1')).toBe(true);
        expect(isAllowedHost(`${host}:${own}`, own === 1 ? 2 : own - 1, '127.0.0.1')).toBe(false);
      },
    ),
  );
  expect(isAllowedHost('localhost', 80, '127.0.0.1')).toBe(true);
});

test('a server does not answer under a name that another machine’s owner made to point at it', () => {
  fc.assert(
    fc.property(fc.domain(), port, (domain, own) => {
      expect(isAllowedHost(`${domain}:${own}`, own, '127.0.0.1')).toBe(false);
      expect(isAllowedHost(`${domain}:${own}`, own, domain)).toBe(true);
      expect(isAllowedHost(`127.0.0.1.${domain}:${own}`, own, '127.0.0.1')).toBe(false);
      expect(isAllowedHost(`localhost@${domain}:${own}`, own, '127.0.0.1')).toBe(false);
    }),
  );
  expect(isAllowedHost(undefined, 80, '127.0.0.1')).toBe(false);
  expect(isAllowedHost('', 80, '')).toBe(false);
});
