import type { TempFile } from "../../store/local/temp-file.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import type { StoredBody } from "./stored-body.ts";

/** A response that was kept. */
export interface StoredResponse {
  head: ResponseHead;
  body: StoredBody;
  /** Where it was found: what `X-Cache` says. */
  place: "memory" | "local" | "remote";
  /**
   * Keeps it with another head, and returns it so. `upload`: for other machines as well, where it is a file. Never
   * rejects: what can't be written, or would be for other requests than before, is merely not kept.
   */
  freshen(head: ResponseHead, options: { upload: boolean }): Promise<StoredResponse>;
}

/** A body that has been received whole. */
export type FinishedBody = { sha256: string; sizeBytes: number } & (
  | { bytes: Uint8Array }
  | { temp: TempFile }
);
