/** Files that are to cmd/go what it has linked itself, without the time that linking takes. */

import { idPart } from "../../src/gowork/build-id.ts";
import { ContentHash } from "../../src/gowork/content-hash.ts";

/** The head of an ELF file without sections. */
const ELF_HEAD = Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(60)]);

/** A program with the build id that go gives to what an action (in hex) has linked. */
export function madeProgram(actionId: string, body: string | Uint8Array = "code"): Buffer {
  const unfinished = unfinishedProgram(actionId, body);
  const text = buildIdText(actionId, idPart(Buffer.from(actionId, "hex")));
  const hash = new ContentHash(text, []);
  hash.update(unfinished);
  return Buffer.from(
    unfinished.toString("latin1").replaceAll(text, buildIdText(actionId, hash.digest())),
    "latin1",
  );
}

/** The same before go has written the build id: it ends with the id of the action. */
export function unfinishedProgram(actionId: string, body: string | Uint8Array = "code"): Buffer {
  const text = buildIdText(actionId, idPart(Buffer.from(actionId, "hex")));
  return Buffer.concat([
    ELF_HEAD,
    Buffer.from(`\xff Go build ID: "${text}"\n\xff`, "latin1"),
    Buffer.from(body),
  ]);
}

function buildIdText(actionId: string, contentId: string): string {
  return [idPart(Buffer.from(actionId, "hex")), "m".repeat(20), "n".repeat(20), contentId].join("/");
}
