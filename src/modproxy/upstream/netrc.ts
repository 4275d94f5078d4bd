/** Credentials by host, from the file that curl, git and go read: `machine HOST login USER password PASSWORD`. */
import { basicAuthorization } from "./upstream-list.ts";

type Field = [name: string, value: string];

const FIELDS = new Set(["machine", "login", "password", "default", "macdef"]);
const NO_ENTRY = { machine: "", login: "", password: "" };

/** The authorization for each host of a netrc file, as go reads it: the first entry counts, there is no default. */
export function parseNetrc(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let entry = NO_ENTRY;
  for (const [field, value] of readFields(text)) {
    entry = { ...(field === "machine" ? NO_ENTRY : entry), [field]: value };
    const { machine, login, password } = entry;
    if (machine === "" || login === "" || password === "" || found.has(machine)) continue;
    found.set(machine, basicAuthorization(login, password));
    entry = NO_ENTRY;
  }
  return found;
}

/** The fields before `default`, without macros, which end with an empty line. */
function* readFields(text: string): Generator<Field> {
  let isMacro = false;
  for (const line of text.split(/\r?\n/)) {
    const fields = isMacro ? [] : fieldsOf(line);
    isMacro &&= line !== "";
    for (const field of fields) {
      if (field[0] === "default") return;
      if (field[0] === "macdef") isMacro = true;
      else yield field;
    }
  }
}

function fieldsOf(line: string): Field[] {
  const fields: Field[] = [];
  const words = line.split(/\s+/).filter((word) => word !== "");
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (FIELDS.has(word)) fields.push([word, words.shift() ?? ""]);
  }
  return fields;
}
