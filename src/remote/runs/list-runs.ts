import type { ListPage, ObjectStore } from "../../store/object-store.ts";

/** The first page of objects below `prefix`, with the server's clock. Rejects if the store fails. */
export async function firstPage(
  store: ObjectStore,
  prefix: string,
  pageSize: number,
  signal?: AbortSignal,
): Promise<ListPage> {
  for await (const page of store.list(prefix, { pageSize, ...(signal && { signal }) })) return page;
  throw new Error(`no answer to the listing of ${prefix}`);
}
