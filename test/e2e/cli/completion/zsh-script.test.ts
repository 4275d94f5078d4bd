import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { plainEnv } from "../../../support/process.ts";
import { provideShell } from "../../../support/shells.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { programPath } from "../program.ts";

let home: TempDir;
let shell: Bun.Subprocess;
let shown = "";
let wake = () => {};

/** A real zsh with its own completion system, on a terminal; npm sets EDITOR=vi, which would change the keys. */
beforeAll(async () => {
  home = tempDir("zsh");
  const { program, root, env } = await provideShell("zsh");
  const parts =
    root === undefined
      ? ""
      : `module_path=(${root}/usr/lib/*/zsh/*(/))\nfpath=(${root}/usr/share/zsh/functions/**/*(/N))\n`;
  writeFileSync(home.join(".zshenv"), `setopt no_global_rcs\n${parts}`);
  writeFileSync(
    home.join(".zshrc"),
    `autoload -Uz compinit
compinit -D -u
PS1=
bindkey -e
unset zle_bracketed_paste
eval "$(${programPath()} completion zsh)"
print REA''DY
`,
  );
  const decoder = new TextDecoder();
  shell = Bun.spawn([program, "-i"], {
    env: plainEnv({ ...env, HOME: home.path, ZDOTDIR: home.path, TERM: "dumb" }),
    cwd: home.path,
    terminal: {
      data: (_, bytes) => {
        shown += decoder.decode(bytes, { stream: true });
        wake();
      },
    },
  });
  await untilShown(/READY\r\n/);
});
afterAll(async () => {
  shell.kill("SIGKILL");
  await shell.exited;
  home[Symbol.dispose]();
});

async function untilShown(pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(shown);
    if (found !== null) return found;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

test.each([
  ["ser", "serve"],
  ["--lay", "--layout"],
  ["--layout=sp", "--layout=split"],
  ["--layout=split gc --old", "--layout=split gc --older-than"],
  ["init dock", "init docker"],
  ["--metrics init dock", "--metrics init docker"],
  ["env --shell=fi", "env --shell=fish"],
  ["help serve-", "help serve-mode"],
  ["prune --old", "prune --old"],
])("%j and the tab key make %j", async (line, made) => {
  shown = "";
  // Then moves to the beginning of the line and to its end, so that the line is printed and not run.
  shell.terminal?.write(`go-cache-plugin ${line}\t\u0001print -r -- '<\u0005>'\n`);
  const [, printed] = await untilShown(/\n<go-cache-plugin (.*?) ?>\r\n/);
  expect(printed).toBe(made);
});
