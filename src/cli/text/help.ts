/** The output of `go-cache-plugin help`. */
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import { type Command, grouped, usageOf } from "../command.ts";
import { renderCommandFlags, renderFlags } from "../options/option-docs.ts";
import { USAGE_LINE, UsageError } from "../usage-error.ts";
import { didYouMean } from "./did-you-mean.ts";
import { HELP_TOPICS } from "./help-topics.ts";
import { alignColumns } from "./text-layout.ts";

/** The overview, or the text about one topic or command. Throws a `UsageError` for any other. */
export function helpText(topic: string | undefined, commands: readonly Command[]): string {
  if (topic === undefined) return overview(commands);
  const about = HELP_TOPICS.get(topic === "direct" ? "direct-mode" : topic);
  const command = commands.find(({ meta }) => meta.name === topic);
  if (about !== undefined) return `${about.text}\n`;
  if (command !== undefined) return `${commandText(command)}\n`;
  const names = commands.map(({ meta }) => meta.name);
  const hint = didYouMean(topic, [...HELP_TOPICS.keys(), ...names]);
  throw new UsageError(`unknown help topic ${quoteValue(topic)}${hint}`);
}

function commandText(command: Command): string {
  const flags = renderCommandFlags(command);
  const examples = command.examples?.map((line) => `  ${line}`) ?? [];
  return [
    `usage: go-cache-plugin ${flags === "" ? "" : "[flags] "}${usageOf(command)}`,
    `  ${command.meta.description}`,
    ...(flags === "" ? [] : [flags]),
    ["examples:", ...examples].join("\n"),
    "Flags of all commands: go-cache-plugin help",
  ].join("\n\n");
}

function overview(commands: readonly Command[]): string {
  const groups = grouped(commands);
  // One table, so that the columns of all groups are the same.
  const lines = alignColumns(groups.flatMap(({ members }) => members.map(commandRow))).split("\n");
  const tables = groups.map(
    ({ heading, members }) => `${heading}:\n${lines.splice(0, members.length).join("\n")}`,
  );
  return `Shares Go's build cache between machines through an S3 bucket or a directory.
The go command starts it through GOCACHEPROG; without a bucket it is a local cache.

${USAGE_LINE}

  export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
  go build ./...

${tables.join("\n\n")}

topics, for help TOPIC:
${alignColumns([...HELP_TOPICS].map(([name, { summary }]) => [`  ${name}`, summary]))}

Every command takes these flags.

${renderFlags()}
`;
}

function commandRow(command: Command): string[] {
  return [`  ${usageOf(command)}`, command.meta.description];
}
