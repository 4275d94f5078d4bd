/** How addresses and lists of names are read. */
import {
  LISTEN_ADDRESS_KINDS,
  type ListenAddress,
  parseListenAddress,
} from "../../lib/network/listen-address.ts";
import { UsageError } from "../usage-error.ts";
import { invalidValue } from "./values.ts";

/** Empty: not set. */
export function parseAddress(text: string, name: string): ListenAddress | undefined {
  if (text === "") return undefined;
  if (/^~/.test(text))
    throw new UsageError(`${name}: "~" is not expanded here; write $HOME or the whole path`);
  const address = parseListenAddress(text);
  if (address === undefined) throw invalidValue(name, text, LISTEN_ADDRESS_KINDS);
  return address;
}

/** Names with commas between them, without empty ones and without blanks around them. */
export function parseNames(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
