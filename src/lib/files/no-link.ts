import { constants } from "node:fs";

/**
 * Flags for opening a file, beside those of access: neither through a link, which may lead anywhere, nor waiting for the
 * other end of a pipe. Windows has neither flag.
 */
export const NO_LINK = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The same, for reading. */
export const READ_NO_LINK = constants.O_RDONLY | NO_LINK;
