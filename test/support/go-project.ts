/** Small Go modules that tests write into directories. None needs a module from the network. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Language version of every module here: the oldest release's. */
const GO_DIRECTIVE = "1.24";

/** Seconds since 1970. */
export const LONG_AGO = 1_700_000_000;

/** Writes a module of `files` (path below `dir` → text) and returns `dir`. */
export function writeModule(dir: string, modulePath: string, files: Record<string, string>): string {
  const all = { "go.mod": `module ${modulePath}\n\ngo ${GO_DIRECTIVE}\n`, ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
    // go does not remember directories with files younger than two seconds.
    utimesSync(join(dir, name), LONG_AGO, LONG_AGO);
  }
  return dir;
}

/** A program that prints `hello <who>`, the library it uses, and a test of that library. */
export function helloModule(dir: string, who = "world"): string {
  return writeModule(dir, "example.com/hello", {
    "main.go": `package main

import (
	"fmt"

	"example.com/hello/lib"
)

func main() { fmt.Println(lib.Greeting()) }
`,
    "lib/lib.go": `package lib

// Greeting says hello.
func Greeting() string { return "hello ${who}" }
`,
    "lib/lib_test.go": `package lib

import "testing"

func TestGreeting(t *testing.T) {
	if Greeting() != "hello ${who}" {
		t.Fatal(Greeting())
	}
}
`,
  });
}

/**
 * A program over `count` packages in a row, each using the one before; it prints its name and their number on
 * stderr. It needs only the runtime of the standard library, which compiles fast.
 */
export function chainModule(dir: string, options: { name: string; count: number }): string {
  const files: Record<string, string> = {
    "main.go": `package main

import "example.com/${options.name}/p${options.count - 1}"

func main() { println("${options.name}", p${options.count - 1}.Depth()) }
`,
  };
  for (let index = 0; index < options.count; index++) {
    const before = `p${index - 1}`;
    const imports = index === 0 ? "" : `import "example.com/${options.name}/${before}"\n\n`;
    const depth = index === 0 ? "1" : `${before}.Depth() + 1`;
    files[`p${index}/p.go`] =
      `// Package p${index} of ${options.name}.\npackage p${index}\n\n${imports}// Depth counts.\nfunc Depth() int { return ${depth} }\n`;
    files[`p${index}/p_test.go`] =
      `package p${index}\n\nimport "testing"\n\nfunc TestDepth(t *testing.T) {\n\tif Depth() != ${index + 1} {\n\t\tt.Fatal(Depth())\n\t}\n}\n`;
  }
  return writeModule(dir, `example.com/${options.name}`, files);
}

/** Two libraries, one using the other and none of the standard library, for releases from 1.21 on. */
export function libraryModule(dir: string, name: string): string {
  return writeModule(dir, `example.com/${name}`, {
    "go.mod": `module example.com/${name}\n\ngo 1.21\n`,
    "one/one.go": "package one\n\n// One is one.\nfunc One() int { return 1 }\n",
    "two/two.go": `package two

import "example.com/${name}/one"

// Two is two.
func Two() int { return one.One() + one.One() }
`,
  });
}

/** A program with a C function in it. */
export function cgoModule(dir: string): string {
  return writeModule(dir, "example.com/cgo", {
    "main.go": `package main

// static int twice(int n) { return 2 * n; }
import "C"

func main() { println(int(C.twice(21))) }
`,
  });
}

/** A program with a file of `bytes` bytes embedded; it prints the file's length. */
export function embedModule(dir: string, bytes: number): string {
  const path = writeModule(dir, "example.com/embed", {
    "main.go": `package main

import _ "embed"

//go:embed data.bin
var data string

func main() { println(len(data)) }
`,
  });
  writeFileSync(join(dir, "data.bin"), Buffer.alloc(bytes, "embedded "));
  return path;
}

/** A test that runs `go build` itself, as tests of tools do. */
export function nestedModule(dir: string): string {
  return writeModule(dir, "example.com/nested", {
    "nested.go": "package nested\n",
    "nested_test.go": `package nested

import (
	"os/exec"
	"testing"
)

func TestBuildsAnotherProgram(t *testing.T) {
	if out, err := exec.Command("go", "build", "-o", t.TempDir(), "./inner").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
`,
    "inner/main.go": `package main

func main() { println("inner") }
`,
  });
}

/** A program that prints `ready`, waits for an interrupt, then prints `handled` and exits with 0. */
export function interruptModule(dir: string): string {
  return writeModule(dir, "example.com/interrupt", {
    "main.go": `package main

import (
	"fmt"
	"os"
	"os/signal"
)

func main() {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	fmt.Println("ready")
	<-interrupts
	fmt.Println("handled")
}
`,
  });
}

/** A library with one mistake that `go vet` finds and one that only staticcheck finds. */
export function mistakenModule(dir: string): string {
  return writeModule(dir, "example.com/mistaken", {
    "mistaken.go": `// Package mistaken has mistakes.
package mistaken

import "strings"

// Same assigns a text to itself.
func Same(text string) string {
	text = text
	return text
}

// Useless drops a result.
func Useless(text string) { strings.ToUpper(text) }
`,
  });
}
