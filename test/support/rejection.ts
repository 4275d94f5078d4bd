/** What `promise` rejects with; that it resolves is a failure here. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => Promise.reject(new Error(`resolved to ${Bun.inspect(value)}`)),
    (error: unknown) => error,
  );
}
