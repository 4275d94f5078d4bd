/** Answered lookups of go commands. */
export interface LookUps {
  /** Found on this machine's disk. */
  local: number;
  /** Found in the bucket. */
  remote: number;
  missed: number;
}

/** From the counters of a server or a session. */
export function countLookUps(counters: Readonly<Record<string, number>>): LookUps {
  const { get_local_hit: local = 0, get_remote_hit: remote = 0, get_remote_miss: missed = 0 } = counters;
  return { local, remote, missed };
}

export function totalOf({ local, remote, missed }: LookUps): number {
  return local + remote + missed;
}

export function addLookUps(a: LookUps, b: LookUps): LookUps {
  return { local: a.local + b.local, remote: a.remote + b.remote, missed: a.missed + b.missed };
}

/** From 0 to 1; `undefined` without lookups. */
export function hitRatio(lookUps: LookUps): number | undefined {
  const total = totalOf(lookUps);
  return total === 0 ? undefined : (lookUps.local + lookUps.remote) / total;
}
