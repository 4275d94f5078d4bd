/** The error that `promise` rejects with. Fails the test if it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => Promise.reject(new Error(`resolved to ${Bun.inspect(value)}`)),
    (error: unknown) => error,
  );
}
