/** SIGKILL when a request to the bucket meets a fault. */
import { expect } from "bun:test";
import { s3Flags } from "../../support/binary.ts";
import { eventually } from "../../support/eventually.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import type { Fault, SeenRequest } from "../../support/faults.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import type { S3Server } from "../../support/s3-server.ts";
import type { NativeTeam } from "./native-team.ts";

export interface Moment {
  at: (request: SeenRequest) => boolean;
  fault: Fault;
}

/** It waits for this request for ever. */
export const during = (method: string, part: RegExp): Moment => ({
  at: (request) => request.method === method && part.test(request.path),
  fault: { kind: "hang" },
});

const HALF_A_PACK: Moment = {
  at: ({ method, path }) => method === "GET" && path.includes("/pack/"),
  fault: { kind: "hang-in-body", afterShare: 0.9 },
};

/** With the number of files, or modules, that are there then at least. */
export const MOMENTS_OF_RESTORE: [what: string, Moment, part: number][] = [
  ["lists the runs", during("GET", /^[/][^/]+[/]?$/), 0],
  ["reads a record", during("GET", /[/](?:run|head)[/]/), 0],
  ["reads a pack", during("GET", /[/]pack[/]/), 0],
  ["has written a part", HALF_A_PACK, 1],
];

export const MOMENTS_OF_SAVE: [what: string, Moment][] = [
  ["lists the runs", during("GET", /^[/][^/]+[/]?$/)],
  ["uploads a pack", during("PUT", /[/]pack[/]/)],
  ["writes its record", during("PUT", /[/]run[/]/)],
  ["writes the head", during("PUT", /[/]head[/]/)],
];

export interface Site {
  team: NativeTeam;
  s3: S3Server;
  project: string;
}

/** Kills the program as soon as a request has met the fault, and `isTime`. */
export async function killAt(
  { team, s3, project }: Site,
  machine: GoMachine,
  [name = "", ...rest]: string[],
  { at, fault, isTime = () => true }: Moment & { isTime?: () => boolean },
): Promise<void> {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  proxy.fail(at, fault);
  const flags = s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint });
  await using running = await team.start(machine, project, [name, ...flags, ...rest], { env: s3.env });
  await eventually(`${name} is where it is to be killed`, () => proxy.seen.some(at) && isTime());
  running.signal("SIGKILL");
  expect((await running.outcome).stderr).toBe("");
}
