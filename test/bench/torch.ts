import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BenchNetwork } from './bench-networks.js';
import { torchScript } from './torch-script.js';

/** How long one run took. */
export interface Duration {
  readonly milliseconds: number;
  /** Of all threads together. */
  readonly cpuMilliseconds: number;
}

/** PyTorch in a process of its own, to compare with. */
export class Torch {
  private constructor(
    private readonly python: ChildProcessWithoutNullStreams,
    private readonly answers: AsyncIterator<string>,
    readonly version: string,
    readonly hasCuda: boolean,
  ) {}

  /** With the first Python of those commands that has PyTorch; null where none has. */
  static async start(commands: readonly string[]): Promise<Torch | null> {
    for (const command of commands) {
      const python = spawn(command, ['-c', torchScript], { stdio: 'pipe' });
      python.stderr.resume();
      const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
      const first = await Promise.race([answers.next(), once(python, 'error').then(() => ({ done: true }) as const)]);
      if (first.done === true) continue;
      const { version, cuda } = JSON.parse(first.value);
      return new Torch(python, answers, version, cuda);
    }
    return null;
  }

  /** Builds a network under a name; `timesteps` null makes the ANN of it. */
  build(
    id: string,
    { shape, features, hidden, batch }: BenchNetwork,
    timesteps: number | null,
    device: 'cpu' | 'gpu',
  ): void {
    const place = device === 'gpu' ? 'cuda' : 'cpu';
    this.python.stdin.write(`${JSON.stringify({ id, shape, features, hidden, batch, timesteps, device: place })}\n`);
  }

  async run(id: string, what: string, threads: number): Promise<Duration> {
    this.python.stdin.write(`${JSON.stringify({ run: id, what, threads })}\n`);
    const answer = await this.answers.next();
    if (answer.done === true) throw new Error('PyTorch ended early');
    return JSON.parse(answer.value);
  }

  stop(): void {
    this.python.stdin.end();
  }
}
