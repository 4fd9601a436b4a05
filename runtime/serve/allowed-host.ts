import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Whether a request's Host header names this server. A page of another site whose name was made to point at this machine
 * (DNS rebinding) sends that name, and is refused: allowed are addresses, this machine's own names, and the name that the
 * server was told to listen on, each with the server's port.
 */
export function isAllowedHost(header: string | undefined, port: number, listening: string): boolean {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@\\]+))(?::(\d+))?$/i.exec(header ?? '');
  if (parts === null) return false;
  const [, address, name, givenPort] = parts;
  if (Number(givenPort ?? 80) !== port) return false;
  if (address !== undefined) return isIP(address) === 6;
  const lower = name!.toLowerCase();
  return (
    isIP(lower) === 4 ||
    lower === 'localhost' ||
    lower === listening.toLowerCase() ||
    lower === hostname().toLowerCase()
  );
}
