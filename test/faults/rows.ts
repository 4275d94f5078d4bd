import { CROWD_ROW } from "./crowd-row.ts";
import { DISK_ROWS } from "./disk-rows.ts";
import { KILL_ROW } from "./kill-row.ts";
import { REMOTE_ROWS } from "./remote-rows.ts";
import { REMOVE_ROW } from "./remove-row.ts";
import type { Row } from "./row.ts";
import { STOP_ROW } from "./stop-row.ts";

/** All faults of the campaign. */
export const ROWS: Row[] = [...REMOTE_ROWS, ...DISK_ROWS, REMOVE_ROW, KILL_ROW, STOP_ROW, CROWD_ROW];
