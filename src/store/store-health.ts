/** Whether an object store answers, as those who read and write it need to know; `remote/health.ts` keeps it. */
export interface StoreHealth {
  readonly reads: Admission;
  readonly writes: Admission;
  succeeded(side: "reads" | "writes"): void;
  readFailed(error: unknown): void;
  writeFailed(error: unknown): void;
}

interface Admission {
  /** What the next call may do: be made, be made with nobody waiting for it, or not be made. */
  admit(): "call" | "probe" | "skip";
}
