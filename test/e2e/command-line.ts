import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/runtime/cli/main.js', import.meta.url));

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command line. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the built command line as users do; `fileSizeKiB` bounds the size of any file that it may write. */
export function start(args: readonly string[], limits: { readonly fileSizeKiB?: number } = {}): Running {
  const command = [process.execPath, main, ...args];
  const [file, ...rest] =
    limits.fileSizeKiB === undefined
      ? command
      : ['bash', '-c', `ulimit -f ${limits.fileSizeKiB}; exec "$@"`, 'bash', ...command];
  const child = spawn(file!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process: child, ended };
}

/** Runs a command line to its end. */
export function spikewright(...args: readonly string[]): Promise<Ended> {
  return start(args).ended;
}
