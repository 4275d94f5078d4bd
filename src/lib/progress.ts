/** What is being done, for somebody who waits. */
export interface Progress {
  /** Such as `reading records`. */
  stage: string;
  done: number;
  /** `undefined`: not known. */
  total: number | undefined;
}

/** Told often; it has to be quick. */
export type OnProgress = (progress: Progress) => void;
