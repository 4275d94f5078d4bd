import type { TempFile } from "../../store/local/temp-file.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import type { StoredBody } from "./stored-body.ts";

export interface StoredResponse {
  head: ResponseHead;
  body: StoredBody;
  /** Where it was found, for `X-Cache`. */
  place: "memory" | "local" | "remote";
  /**
   * Stores the response with another head, and returns it. `upload`: a file is uploaded, too. Never rejects: a response
   * that can't be written, or that would now answer other requests, is returned but not stored.
   */
  update(head: ResponseHead, options: { upload: boolean }): Promise<StoredResponse>;
}

/** A body that was received completely. */
export type FinishedBody = { sha256: string; sizeBytes: number } & (
  | { bytes: Uint8Array }
  | { temp: TempFile }
);
