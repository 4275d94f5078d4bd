/** The values of a recipe. */
import type { Variable } from "../options/given-values.ts";
import type { Mode } from "./recipe-mode.ts";

export interface Recipe {
  mode: Mode;
  /** GOCACHEPROG, if go is to have it. */
  cacheprog: readonly Variable[];
  /** The other variables, GOCACHE_S3_BUCKET among them. */
  variables: readonly Variable[];
  /** The kind of the bucket: AWS, another S3 server, or a directory. */
  store: "aws" | "s3" | "directory";
  region: string;
  /** GOPROXY for a shell to evaluate between double quotes; `undefined`: no module proxy. */
  goproxy: string | undefined;
  /** Whether the CI has to keep modules: neither a module proxy has them, nor `restore` and `save`. */
  needsModuleCache: boolean;
  /** The tag of an image, such as `1.27`. */
  goVersion: string;
  /** The absolute path of the program on this machine. */
  program: string;
  /** Commands after the checkout, before go. */
  start: readonly string[];
  /** Commands at the end, also of a failed job. */
  finish: readonly string[];
  /** Downloads, checks and installs the program into `/usr/local/bin`. */
  install: readonly string[];
  tag: string;
  /** `OWNER/REPOSITORY` on GitHub. */
  repository: string;
  /** The remaining manual steps, without comment signs. */
  notes: readonly string[];
}

/** A placeholder for a role that may read and write the bucket. */
export const ROLE = "arn:aws:iam::123456789012:role/go-cache";

/** The requirements of the installation in an Alpine image, without a comment sign. */
export const ALPINE_NOTE = "In an Alpine image, first: apk add curl libstdc++ libgcc";

/** The notes for a CI that issues its own tokens. */
export function credentialNotes({ store }: Recipe): string[] {
  if (store === "directory") return [];
  if (store === "aws") return [`Replace ${ROLE} with your own role.`];
  return ["Keep AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as secrets."];
}

/** Lines with `indent` spaces before each. */
export function indented(indent: number, lines: readonly string[]): string {
  return lines.map((line) => `${" ".repeat(indent)}${line}\n`).join("");
}
