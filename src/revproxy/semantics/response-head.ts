import type { HeaderList } from "./header-list.ts";

/** A response without its body. */
export interface ResponseHead {
  status: number;
  /** End-to-end fields only. */
  headers: HeaderList;
  /** When the request was sent, and the head received, by this machine's clock. */
  requestedMs: number;
  receivedMs: number;
}
