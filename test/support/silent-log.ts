import { Logger } from "../../src/lib/logger.ts";

/** For tests that cause many warnings. */
export const silentLog = new Logger({ verbose: false, debugMask: 0, write: () => undefined });
