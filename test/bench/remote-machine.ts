/** Machines that share a bucket, and the table of what their builds took. */
import { formatByteSize } from "../../src/lib/byte-size.ts";
import { s3Flags } from "../support/binary.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { markdownTable } from "../support/markdown-table.ts";
import { type BenchContext, medianCount, type Sample, seconds } from "./measure.ts";

export const LATENCIES_MS = [0, 10, 50];

/** A machine with an empty disk that reaches the bucket at `endpoint`. */
export function remoteMachine(
  { dir, server }: BenchContext,
  options: { name: string; prefix: string; endpoint: string },
): Machine {
  const flags = [...s3Flags(server, options), "--metrics"];
  return newMachine(dir.join(options.name), { flags, env: server.env });
}

export function remoteRow(label: string, samples: Sample[], ratio?: number): string[] {
  const count = (name: string) => medianCount(samples, name);
  return [
    label,
    seconds(samples),
    ratio?.toFixed(2) ?? "",
    `${count("get_local_hit") + count("get_remote_hit")} of ${count("get")}`,
    String(count("s3_requests_get")),
    String(count("s3_requests_put")),
    formatByteSize(count("s3_bytes_received")),
    formatByteSize(count("s3_bytes_sent")),
    formatByteSize(count("peak_memory_bytes")),
  ];
}

export function remoteTable(title: string, rows: string[][]): string {
  return markdownTable(
    [title, "wall", "by native", "hits", "GET", "PUT", "received", "sent", "peak memory"],
    rows,
  );
}
