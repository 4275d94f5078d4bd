/** Why a request can't be answered with a file: the status and the text that the client is told. */
export class ModError extends Error {
  override name = "ModError" as const;
  readonly status: number;
  /** How long the answer may be kept, in seconds; `undefined`: not at all. */
  readonly maxAgeSeconds: number | undefined;

  constructor(status: number, message: string, options: ErrorOptions & { maxAgeSeconds?: number } = {}) {
    super(message, options);
    this.status = status;
    this.maxAgeSeconds = options.maxAgeSeconds;
  }

  /** Whether it says that there is no such thing, so that go asks the next proxy. */
  get isAbsence(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

/** go shows one or two lines of what is left when the prefixes that proxies put before each other's are gone. */
export function notFound(reason: string, maxAgeSeconds = 60): ModError {
  const text = reason.replace(/^(?:(?:not found|bad request|gone):\s*)+/i, "").trim();
  return new ModError(404, text === "" ? "not found" : `not found: ${text}`, { maxAgeSeconds });
}

/** The cache directory takes nothing: it is full, or read-only, or there are no descriptors left. */
export class DiskError extends ModError {}

export function diskError(cause: unknown): DiskError {
  return new DiskError(500, "the cache directory can't be written", { cause });
}

/** What was stored or sent is not what its name says. */
export class InvalidFileError extends Error {
  override name = "InvalidFileError" as const;
}
