/** What every recipe is filled in with. */
import type { Variable } from "../options/given-values.ts";

export interface Recipe {
  /** GOCACHEPROG's value. */
  cacheprog: string;
  /** The others, GOCACHE_S3_BUCKET among them. */
  variables: readonly Variable[];
  /** Where the bucket is AWS's own, or that of another S3 server, or a directory. */
  store: "aws" | "s3" | "directory";
  region: string;
  isServed: boolean;
  /** GOPROXY for a shell to evaluate between double quotes; `undefined`: no module proxy is wanted. */
  goproxy: string | undefined;
  /** As images are tagged, such as `1.27`. */
  goVersion: string;
  /** The absolute path of the program on this machine. */
  program: string;
  /** After the checkout. */
  start: readonly string[];
  /** At the end, whether the job succeeded or not. */
  finish: readonly string[];
  /** Downloads, checks and installs the program into `/usr/local/bin`. */
  install: readonly string[];
  tag: string;
  /** `OWNER/REPOSITORY` at GitHub. */
  repository: string;
  /** What is left to be done by hand; without comment signs. */
  notes: readonly string[];
}

/** Stands for a role that may read and write the bucket. */
export const ROLE = "arn:aws:iam::123456789012:role/go-cache";

/** What the installation needs in an image that is built on Alpine; without a comment sign. */
export const ALPINE_NOTE = "In an image of Alpine's, first: apk add curl libstdc++ libgcc";

/** What a CI with tokens of its own has to be told. */
export function credentialNotes({ store }: Recipe): string[] {
  if (store === "directory") return [];
  if (store === "aws") return [`Put your own role in the place of ${ROLE}.`];
  return ["Keep AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as secrets."];
}

/** Lines, each behind `indent`. */
export function indented(indent: number, lines: readonly string[]): string {
  return lines.map((line) => `${" ".repeat(indent)}${line}\n`).join("");
}
