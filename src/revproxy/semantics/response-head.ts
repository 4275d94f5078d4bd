import type { HeaderList } from "./header-list.ts";

/** What is known of a response apart from its body. */
export interface ResponseHead {
  status: number;
  /** End-to-end fields only. */
  headers: HeaderList;
  /** When it was asked for, and when it came, by our clock. */
  requestedMs: number;
  receivedMs: number;
}
