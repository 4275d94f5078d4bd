/**
 * The result of `action` for each item, in order, with up to `limit` running ahead of the reader: for requests
 * with answers that are read one by one. Each starts when the reader comes near it.
 */
export async function* mapAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  action: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const started: Promise<R>[] = [];
  for await (const item of items) {
    const result = action(item);
    // The reader handles a failure in its turn; until then it must not count as unhandled.
    result.catch(() => undefined);
    started.push(result);
    if (started.length >= limit) yield (await started.shift()) as R;
  }
  for (const result of started) yield await result;
}
