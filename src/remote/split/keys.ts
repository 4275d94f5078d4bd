/**
 * The object keys of the split layout, those of tailscale/go-cache-plugin:
 *
 *     [<prefix>/]action/<xx>/<action id>    [<prefix>/]output/<xx>/<output id>
 *
 * xx are the first two hex digits. Prefix and rest are joined like Go's `path.Join`: empty, `.` and `..` elements are
 * resolved, a leading slash is kept.
 */
import { posix } from "node:path";

export function actionKey(prefix: string, actionId: string): string {
  return key(prefix, "action", actionId);
}

export function outputKey(prefix: string, outputId: string): string {
  return key(prefix, "output", outputId);
}

function key(prefix: string, kind: string, id: string): string {
  return posix.join(prefix, kind, id.slice(0, 2), id);
}
