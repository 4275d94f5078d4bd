import { Logger } from "../lib/logger.ts";
import type { Settings } from "./options/options.ts";
import { writeStderr } from "./output.ts";

/** What a command says on stderr, as the settings want it. */
export function makeLogger({ verbose, debug, logFormat }: Settings): Logger {
  return new Logger({ verbose, debugMask: debug, format: logFormat, write: writeStderr });
}
