import { allRows } from "../../format/segment.ts";
import type { NewSegment } from "../../format/segment-builder.ts";
import {
  HIGH_BYTES,
  ID_REST_BYTES,
  IDS_BYTES,
  type Layout,
  layoutOf,
  ORDER_BYTES,
} from "../../format/segment-layout.ts";

/** Why a segment with the right hash is not as a writer makes it; `undefined`: it is. */
export function segmentFault({ segment, bytes }: NewSegment): string | undefined {
  let next = 0;
  let last = "";
  for (const [row, { actionId }] of segment.entries(allRows(segment))) {
    if (row !== next) break;
    if (actionId <= last) return `its row ${row} is not sorted by action`;
    last = actionId;
    next++;
  }
  if (next < segment.rows) return `its row ${next} contradicts itself`;
  return orderFault(bytes, segment.rows);
}

function orderFault(bytes: Buffer, rows: number): string | undefined {
  const layout = layoutOf(rows, 0, 0);
  const isSeen = new Uint8Array(rows);
  let last: number | undefined;
  for (let at = 0; at < rows; at++) {
    const row = bytes.readUInt16LE(layout.order + ORDER_BYTES * at);
    if (row >= rows || isSeen[row] === 1) return "its order of outputs does not have each row once";
    if (last !== undefined && compareOutputs(bytes, layout, last, row) > 0)
      return "its order of outputs is not sorted";
    isSeen[row] = 1;
    last = row;
  }
  return undefined;
}

/** Positive: the output of row `a` belongs after that of row `b`. */
function compareOutputs(bytes: Buffer, { outputs, ids }: Layout, a: number, b: number): number {
  const highOf = (row: number) => bytes.readUInt32LE(outputs + HIGH_BYTES * row);
  const restAt = (row: number) => ids + IDS_BYTES * row + ID_REST_BYTES;
  const rest = () =>
    bytes.compare(bytes, restAt(b), restAt(b) + ID_REST_BYTES, restAt(a), restAt(a) + ID_REST_BYTES);
  return highOf(a) - highOf(b) || rest();
}
