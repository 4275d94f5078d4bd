/**
 * The build id of an executable that cmd/go has linked (cmd/go/internal/work/buildid.go):
 *
 *     actionID(link)/actionID(main package)/contentID(main package)/contentID(executable)
 *
 * Each part is the first 15 bytes of a SHA-256, in base64url. The first is of the action that go asks its cache for, the
 * last of the executable's own bytes; see `content-hash.ts`.
 */

const ID_BYTES = 15;
/** Not a part of a longer text. */
const BUILD_ID = /(?<![\w/-])([\w-]{20})(?:\/[\w-]{20}){2}\/([\w-]{20})(?![\w/-])/g;

/** go looks for the id in as much of a file. */
export const HEAD_BYTES = 32 << 10;

export interface BuildId {
  text: string;
  /** How the id of the link action begins, in lower-case hex. */
  actionStart: string;
  /** The content id of the executable. */
  contentId: string;
}

/** What may be the build id of a file that begins with these bytes. */
export function findBuildIds(head: Buffer): BuildId[] {
  return [...head.toString("latin1").matchAll(BUILD_ID)].map(([text, action = "", contentId = ""]) => ({
    text,
    actionStart: Buffer.from(action, "base64url").toString("hex"),
    contentId,
  }));
}

/** The part of a build id for a SHA-256. */
export function idPart(sha256: Buffer): string {
  return sha256.toString("base64url", 0, ID_BYTES);
}
