/** A module with a program, `greet`, for `go run` and `go tool`. */
import { writeModule } from "./go-project.ts";

/** What `greet` prints: a word, and the names under which it runs. */
export interface Greeting {
  word: string;
  argument: string;
  executable: string;
}

export function programModule(dir: string, word = "hello"): string {
  return writeModule(dir, "example.com/greet", {
    "go.mod": "module example.com/greet\n\ngo 1.24\n\ntool example.com/greet/tool/greeter\n",
    "main.go": mainFile(word),
    "tool/greeter/main.go": mainFile(`tool ${word}`),
  });
}

function mainFile(word: string): string {
  return `package main

import (
	"fmt"
	"os"
)

func main() {
	executable, _ := os.Executable()
	fmt.Printf("%s|%s|%s\\n", ${JSON.stringify(word)}, os.Args[0], executable)
}
`;
}

/** Throws when it is not all that was printed. */
export function greetingOf({ stdout }: { stdout: string }): Greeting {
  const [word, argument, executable, ...others] = stdout.trimEnd().split("|");
  if (word === undefined || argument === undefined || executable === undefined || others.length > 0)
    throw new Error(`the program has printed ${stdout}`);
  return { word, argument, executable };
}
