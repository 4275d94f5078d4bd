/**
 * What `action` makes of each item, in order, with up to `limit` of them under way ahead of the reader: for requests
 * whose answers are looked at one by one. Each is started no earlier than the reader comes near it.
 */
export async function* mapAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  action: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const started: Promise<R>[] = [];
  for await (const item of items) {
    const result = action(item);
    // Somebody looks at it when its turn comes; until then a failure must not count as unseen.
    result.catch(() => undefined);
    started.push(result);
    if (started.length >= limit) yield (await started.shift()) as R;
  }
  for (const result of started) yield await result;
}
