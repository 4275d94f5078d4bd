/** Sockets that systemd opened for this process (`man sd_listen_fds`): descriptors from 3 up. */

const FIRST_FD = 3;

/** The descriptor of the socket with that name, or of the only one. Throws when there is none. */
export function systemdFd(env: Record<string, string | undefined>, name: string | undefined): number {
  const count = Number(env.LISTEN_FDS ?? 0);
  const isOurs = env.LISTEN_PID === undefined || env.LISTEN_PID === String(process.pid);
  if (!isOurs || !(count > 0)) throw new Error("systemd has passed no socket (LISTEN_FDS)");
  const names = (env.LISTEN_FDNAMES ?? "").split(":");
  if (name === undefined && count === 1) return FIRST_FD;
  if (name === undefined) throw new Error(`systemd has passed ${count} sockets: name one, systemd:NAME`);
  const at = names.indexOf(name);
  if (at === -1 || at >= count) throw new Error(`systemd has passed no socket with the name ${name}`);
  return FIRST_FD + at;
}
