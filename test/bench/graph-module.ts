/** A generated module with a graph of packages: in layers, each package using three of the layer below. */
import { writeModule } from "../support/go-project.ts";

export interface GraphShape {
  name: string;
  layers: number;
  /** Packages of a layer. */
  width: number;
  /** A constant in a package. Another constant changes the package, and all packages that use it. */
  text: (layer: number, index: number) => string;
}

/** The packages of the layer below that a package uses, as offsets from its own position. */
const USES = [0, 1, 5];
/** Functions of a package: enough for some 700 lines. */
const FUNCTIONS = 40;

/** Writes the module below `dir`. */
export function writeGraph(dir: string, { name, layers, width, text }: GraphShape): void {
  const files: Record<string, string> = {};
  for (let layer = 0; layer < layers; layer++)
    for (let index = 0; index < width; index++) {
      const below = layer === 0 ? [] : USES.map((step) => packageName(layer - 1, (index + step) % width));
      const own = packageName(layer, index);
      files[`${own}/${own}.go`] = source({ module: name, own, below, text: text(layer, index) });
    }
  writeModule(dir, `example.com/${name}`, files);
}

function packageName(layer: number, index: number): string {
  return `p${layer}x${index}`;
}

function source(options: { module: string; own: string; below: string[]; text: string }): string {
  const { module, own, below, text } = options;
  const imports = ["fmt", "strings", ...below.map((name) => `example.com/${module}/${name}`)];
  const functions = Array.from({ length: FUNCTIONS }, (_, number) => functionSource(number, below));
  return `// Package ${own} was generated.
package ${own}

import (
${imports.map((path) => `\t"${path}"`).join("\n")}
)

// Text says which version this is.
const Text = ${JSON.stringify(text)}
${functions.join("")}`;
}

function functionSource(number: number, below: string[]): string {
  const calls = below.map((name) => `\tlines = append(lines, ${name}.Describe${number}(values)...)\n`);
  return `
// Describe${number} says what it makes of values.
func Describe${number}(values map[string]int) []string {
	lines := []string{Text}
${calls.join("")}	for name, value := range values {
		switch {
		case value > ${number}:
			lines = append(lines, fmt.Sprintf("%s has %d", strings.ToUpper(name), value))
		case strings.HasPrefix(name, "${number}"):
			lines = append(lines, strings.Repeat(name, ${number}))
		default:
			lines = append(lines, name)
		}
	}
	return lines
}
`;
}
