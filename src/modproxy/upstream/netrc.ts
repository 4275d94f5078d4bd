/** Credentials by host, from the file that curl, git and go read: `machine HOST login USER password PASSWORD`. */
import { basicAuthorization } from "./upstream-list.ts";

/** The authorization for each host of a netrc file, as go reads it: the first entry counts, there is no default. */
export function parseNetrc(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let [host, login, password] = ["", "", ""];
  let isMacro = false;
  const finish = () => {
    if (host !== "" && login !== "" && password !== "" && !found.has(host)) {
      found.set(host, basicAuthorization(login, password));
      [host, login, password] = ["", "", ""];
    }
  };
  for (const line of text.split(/\r?\n/)) {
    if (isMacro) {
      isMacro = line !== "";
      continue;
    }
    const words = line.split(/\s+/).filter((word) => word !== "");
    for (let i = 0; i < words.length; i++) {
      const [word = "", value = ""] = [words[i], words[i + 1]];
      if (word === "default") return found;
      if (word === "macdef") isMacro = true;
      else if (word === "machine") [host, login, password] = [value, "", ""];
      else if (word === "login") login = value;
      else if (word === "password") password = value;
      else continue;
      i++;
      finish();
    }
  }
  return found;
}
