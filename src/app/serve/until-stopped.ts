const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Resolves when a first signal has come and `drain` is done, or a second one has come, whichever is sooner. */
export async function untilStopped(drain: () => Promise<void>): Promise<void> {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const onSignal = () => {
    count++;
    if (count === 1) first.resolve();
    else second.resolve();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  await first.promise;
  await Promise.race([drain(), second.promise]);
}
