/** What is being done, for somebody who waits. */
export interface Progress {
  /** Such as `reading records`. */
  stage: string;
  /** `undefined`: that can't be told. */
  done?: number | undefined;
  total?: number | undefined;
  /** What is counted, where it is not things. */
  unit?: "bytes";
}

/** Told often; it has to be quick. */
export type OnProgress = (progress: Progress) => void;

/** Shows what `read` says, over and over, until the returned thing is disposed of. */
export type WatchProgress = (read: () => Progress) => Disposable;
