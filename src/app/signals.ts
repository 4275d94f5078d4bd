/**
 * Ctrl-C and a closing terminal reach the helper as well as go. `go test` and `go run` survive them and wait for
 * their child, so the helper has to live as long as its input is open. SIGTERM gives up what is remote, and leaves
 * the rest to the end of the input.
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
