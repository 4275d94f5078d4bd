/** Why a request can't be answered with a file: the status and the text for the client. */
export class ModError extends Error {
  override name = "ModError" as const;
  readonly status: number;
  /** How long the client may cache the answer; `undefined`: not at all. */
  readonly maxAgeSeconds: number | undefined;

  constructor(status: number, message: string, options: ErrorOptions & { maxAgeSeconds?: number } = {}) {
    super(message, options);
    this.status = status;
    this.maxAgeSeconds = options.maxAgeSeconds;
  }

  /** Whether there is no such file, so that go asks the next proxy. */
  get isAbsence(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

/** Removes the prefixes that a chain of proxies puts before a reason: go shows only a line or two of it. */
export function notFound(reason: string, maxAgeSeconds = 60): ModError {
  const text = reason.replace(/^(?:(?:not found|bad request|gone):\s*)+/i, "").trim();
  return new ModError(404, text === "" ? "not found" : `not found: ${text}`, { maxAgeSeconds });
}

/** The answer when none of the permitted sources has the file. */
export function unavailable(): ModError {
  return notFound("temporarily unavailable");
}

/** The cache directory can't be written: it is full or read-only, or no descriptors are left. */
export class DiskError extends ModError {}

export function diskError(cause: unknown): DiskError {
  return new DiskError(500, "the cache directory can't be written", { cause });
}
