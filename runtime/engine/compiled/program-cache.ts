import type { Program } from './program.js';

/** Programs of one engine by what they compute; those unused the longest are released where there are too many. */
export class ProgramCache {
  /** In order of last use. */
  private readonly entries = new Map<string, { readonly program: Promise<Program>; users: number }>();

  constructor(private readonly capacity: number) {}

  /** Runs `use` on the program of that key, compiled where it is new. */
  async with<R>(key: string, compile: () => Promise<Program>, use: (program: Program) => Promise<R>): Promise<R> {
    const entry = this.entries.get(key) ?? { program: compile(), users: 0 };
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users += 1;
    try {
      const program = await entry.program.catch((error: unknown) => {
        this.entries.delete(key);
        throw error;
      });
      return await use(program);
    } finally {
      entry.users -= 1;
      await this.shrink();
    }
  }

  private async shrink(): Promise<void> {
    for (const [key, { program, users }] of this.entries) {
      if (this.entries.size <= this.capacity) return;
      if (users > 0) continue;
      this.entries.delete(key);
      await (await program).release();
    }
  }
}
