/** The module that rounds build during faults: many small packages in layers, some with tests. */
import { writeModule } from "../support/go-project.ts";

/** Packages of a layer; each uses two of the layer below. */
const WIDTH = 8;
/** One package in this many has a test: linking tests takes longer than everything else. */
const TESTED = 25;

/**
 * Writes a module of `packages` packages below `dir` and returns `dir`. Its program prints its name, `text`, and the
 * number of paths through its packages. A module with another text shares no entries with it.
 */
export function faultModule(dir: string, options: { name: string; packages: number; text?: string }): string {
  const { name, packages, text = "" } = options;
  const files: Record<string, string> = { "main.go": mainSource(name, packages) };
  for (let index = 0; index < packages; index++) {
    files[`p${index}/p.go`] = source(name, index, text);
    if (index % TESTED === 0) files[`p${index}/p_test.go`] = testSource(index);
  }
  return writeModule(dir, `example.com/${name}`, files);
}

function mainSource(name: string, packages: number): string {
  const top = Array.from({ length: Math.min(WIDTH, packages) }, (_, index) => `p${packages - 1 - index}`);
  return `package main

import (
	"fmt"

${top.map((own) => `\t"example.com/${name}/${own}"`).join("\n")}
)

func main() { fmt.Println("${name}", ${top[0]}.Text, ${top.map((own) => `${own}.Ways`).join(" + ")}) }
`;
}

/** The packages that a package uses. */
function below(index: number): number[] {
  const layer = Math.floor(index / WIDTH) * WIDTH;
  const uses = [layer - WIDTH + (index % WIDTH), layer - WIDTH + ((index + 3) % WIDTH)];
  return uses.filter((other) => other >= 0);
}

function source(name: string, index: number, text: string): string {
  const uses = below(index);
  const imports = ["strconv", ...uses.map((other) => `example.com/${name}/p${other}`)];
  const ways = uses.map((other) => `p${other}.Ways`).join(" + ") || "1";
  const notes = uses.map((other) => ` + p${other}.Note(depth-1)`).join("");
  return `// Package p${index} was generated.
package p${index}

import (
${imports.map((path) => `\t"${path}"`).join("\n")}
)

// Text says which version this is.
const Text = ${JSON.stringify(text)}

// Ways is how many ways lead down from here.
var Ways = ${ways}

// Note names what lies below, so many layers of it.
func Note(depth int) string {
	if depth == 0 {
		return ""
	}
	return strconv.Itoa(Ways) + Text${notes}
}
`;
}

function testSource(index: number): string {
  return `package p${index}

import "testing"

func TestWays(t *testing.T) {
	if Ways < 1 || Note(2) == "" {
		t.Fatal(Ways, Note(2))
	}
}
`;
}
