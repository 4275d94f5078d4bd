/** The progress of an operation. */
export interface Progress {
  /** Such as `reading records`. */
  stage: string;
  /** `undefined`: unknown. */
  done?: number | undefined;
  total?: number | undefined;
  /** The unit of the counts; absent: items. */
  unit?: "bytes";
}

/** Called often; must be quick. */
export type OnProgress = (progress: Progress) => void;

/** Shows what `read` returns, again and again, until the result is disposed of. */
export type WatchProgress = (read: () => Progress) => Disposable;
