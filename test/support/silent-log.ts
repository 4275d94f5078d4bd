import { Logger } from "../../src/lib/logger.ts";

/** For what has much to complain about. */
export const silentLog = new Logger({ verbose: false, debugMask: 0, write: () => undefined });
