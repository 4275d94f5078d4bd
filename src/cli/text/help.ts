/** What `go-cache-plugin help` prints. Loaded only for that. */
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import { COMMANDS } from "../commands.ts";
import { renderCommandFlags, renderFlags } from "../options/option-docs.ts";
import { UsageError } from "../usage-error.ts";
import { COMMAND_EXAMPLES } from "./command-examples.ts";
import { didYouMean } from "./did-you-mean.ts";
import { HELP_TOPICS } from "./help-topics.ts";
import { alignColumns } from "./text-layout.ts";
import { USAGE_LINE } from "./usage-text.ts";

/** The overview, or the text about one topic or command. Throws a `UsageError` for any other. */
export function helpText(topic: string | undefined): string {
  if (topic === undefined) return overview();
  const text = HELP_TOPICS.get(topic === "direct" ? "direct-mode" : topic)?.text ?? commandText(topic);
  if (text === undefined) {
    const hint = didYouMean(topic, [...HELP_TOPICS.keys(), ...COMMANDS.keys()]);
    throw new UsageError(`unknown help topic ${quoteValue(topic)}${hint}`);
  }
  return `${text}\n`;
}

function commandText(name: string): string | undefined {
  const command = COMMANDS.get(name);
  if (command === undefined) return undefined;
  const flags = renderCommandFlags(name);
  const usage = `usage: go-cache-plugin ${flags === "" ? "" : "[flags] "}${withOperand(name)}`;
  const examples = COMMAND_EXAMPLES.get(name)?.map((line) => `  ${line}`) ?? [];
  return [
    usage,
    `  ${command.summary}`,
    ...(flags === "" ? [] : [flags]),
    ["examples:", ...examples].join("\n"),
    `The flags that all commands have: go-cache-plugin help`,
  ].join("\n\n");
}

function withOperand(name: string): string {
  const operand = COMMANDS.get(name)?.operand;
  return operand === undefined ? name : `${name} ${operand}`;
}

function overview(): string {
  const commands = [...COMMANDS].filter(([, command]) => !command.hidden);
  return `Shares Go's build cache between machines through an S3 bucket or a directory.
The go command starts it when GOCACHEPROG says so; without a bucket it is a local cache.

${USAGE_LINE}

  export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
  go build ./...

${renderFlags()}

commands:
${alignColumns(commands.map(([name, { summary }]) => [`  ${withOperand(name)}`, summary]))}

topics, for help TOPIC:
${alignColumns([...HELP_TOPICS].map(([name, { summary }]) => [`  ${name}`, summary]))}
`;
}
