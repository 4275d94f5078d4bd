/** The results of tests among go's outputs (cmd/go/internal/test/test.go, `saveOutput`). */
import { readAt } from "../lib/files/read-at.ts";

/** An output on the disk. */
interface OutputFile {
  path: string;
  sizeBytes: number;
}

/** The log of a test: the files and variables that it has read. */
const LOG = "# test log\n";
/** The profile of `go test -coverprofile`. */
const PROFILE = "mode: ";
/** What go compiles, and the index of a package, whatever their last bytes are. */
const NO_TEXT = ["!<arch>", "go index"];
const HEAD_BYTES = 16;
/** Longer than the last line of most tests: `ok`, the package, the time, and the coverage. */
const TAIL_BYTES = 4_096;
/** With -v and -json, a control character goes before it. */
const OK_LINE = /^.?ok {2}\t/;

/** Whether it is the log of a test, what the test printed, or its coverage. A file that can't be read is none. */
export function isTestResult(output: OutputFile): boolean {
  const head = read(output, 0, HEAD_BYTES);
  if (head.startsWith(LOG) || head.startsWith(PROFILE)) return true;
  return !NO_TEXT.some((start) => head.startsWith(start)) && OK_LINE.test(lastLine(output));
}

function lastLine(output: OutputFile): string {
  const text = read(output, Math.max(0, output.sizeBytes - TAIL_BYTES), TAIL_BYTES);
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** At most so many bytes. */
function read({ path, sizeBytes }: OutputFile, offset: number, length: number): string {
  try {
    return readAt(path, offset, Math.min(length, sizeBytes - offset)).toString("latin1");
  } catch {
    return "";
  }
}
