/** A process's open descriptors by kind. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Descriptors {
  /** Accepted connections at the given port, without the listening socket. */
  sessions: number;
  /** All other sockets: of HTTP clients, and kept alive to the bucket, the upstream, the origins. */
  sockets: number;
  /** Files on a disk. */
  files: number;
  /** Pipes, and descriptors of the runtime. */
  others: number;
}

/** Reads `/proc`: for Linux only. */
export function descriptorsOf(pid: number, port: number): Descriptors {
  const ofPort = connectionsTo(pid, port);
  const targets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  const sockets = targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
  const sessions = sockets.filter((inode) => ofPort.has(inode)).length;
  const files = targets.filter((target) => target.startsWith("/") && !target.startsWith("/dev/null")).length;
  return {
    sessions,
    sockets: sockets.length - sessions,
    files,
    others: targets.length - sockets.length - files,
  };
}

/** The inodes of connections with the local port `port` (`proc_pid_net(5)`). */
function connectionsTo(pid: number, port: number): Set<string> {
  const lines = ["tcp", "tcp6"].flatMap((name) =>
    readFileSync(`/proc/${pid}/net/${name}`, "latin1").split("\n"),
  );
  const found = lines.flatMap((line) => {
    const [, local = "", remote = "", , , , , , , inode = ""] = line.trim().split(/\s+/);
    const isConnected = !remote.endsWith(":0000");
    return isConnected && Number.parseInt(local.split(":")[1] ?? "", 16) === port ? [inode] : [];
  });
  return new Set(found);
}

function targetOf(link: string): string[] {
  try {
    return [readlinkSync(link)];
  } catch {
    // Closed meanwhile.
    return [];
  }
}
