/**
 * The signals of a helper. Ctrl-C and a closing terminal reach the helper as well as go. `go test` and `go run` survive
 * them and wait for their child, so the helper must live as long as its input is open. SIGTERM gives up what is remote,
 * and leaves the rest to the end of the input.
 *
 * `onStop` is called when waiting for the remote is no longer wanted.
 */
export function watchSignals(onStop: () => void): { sessionEnded(): void } {
  let hasEnded = false;
  const interrupted = () => {
    if (hasEnded) onStop();
  };
  process.on("SIGINT", interrupted);
  process.on("SIGHUP", interrupted);
  process.on("SIGTERM", onStop);
  return {
    sessionEnded: () => {
      hasEnded = true;
    },
  };
}

/**
 * The signals of a server. Resolves when a first signal has come and `drain` is done, or a second one has come,
 * whichever is sooner.
 */
export async function untilStopped(drain: () => Promise<void>): Promise<void> {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const onSignal = () => {
    count++;
    if (count === 1) first.resolve();
    else second.resolve();
  };
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, onSignal);
  await first.promise;
  await Promise.race([drain(), second.promise]);
}
