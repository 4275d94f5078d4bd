/** The time that all uploads together may take at the end. */
export class DrainLimit {
  leftMs: number;

  constructor(limitMs: number) {
    this.leftMs = limitMs;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await action();
    } finally {
      this.leftMs = Math.max(0, this.leftMs - (performance.now() - startedMs));
    }
  }
}
