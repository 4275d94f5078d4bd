import { isAbsolute } from "node:path";
import { statFile } from "../../lib/files/stat-file.ts";
import { quoteGoWord } from "../../lib/text/go-words.ts";
import { holdsSecret, quoteValue } from "../../lib/text/hide-secrets.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { type CacheprogLine, namesProgram } from "./cacheprog-line.ts";
import type { Check, Finding, Subject } from "./check.ts";

/** Whether go starts this program, with arguments that it takes, or its own cache directory is filled. */
export const cacheprog: Check = {
  name: "GOCACHEPROG",
  run: (subject: Subject): Finding[] => {
    const { cacheprog: line, program } = subject;
    if (line === undefined) return [notSet(subject)];
    const start = startProblem(line, offSwitch(subject));
    if (start !== undefined) return [start, ...origin(subject)];
    const findings = [identity(line, program), ...argumentProblem(subject)];
    return [...findings, ...besideRestore(subject), ...origin(subject)];
  },
};

/** go uses its own cache directory only without a helper. */
function besideRestore(subject: Subject): Finding[] {
  if (!subject.restored.has("build")) return [];
  const isCi = detectCi(subject.env) !== undefined;
  return [
    {
      // Outside CI it may have been another shell, some time today.
      severity: isCi ? "warning" : "note",
      message: `restore has filled go's own cache directory in this ${isCi ? "job" : "run"}, but with GOCACHEPROG go writes nothing to it, so save finds nothing`,
      remedy: `choose one: ${offSwitch(subject)}, or leave restore, save and exec out`,
    },
  ];
}

function notSet({ program, restored }: Subject): Finding {
  if (restored.has("build")) {
    return {
      severity: "ok",
      message: "it is not set, so go uses its own cache directory, which restore has filled",
    };
  }
  if (restored.size > 0) {
    return {
      severity: "note",
      message: `it is not set, and restore was about ${[...restored].join(", ")} alone (--only): go uses its own cache directory, which nothing fills`,
      remedy: "leave --only out of restore and save to share what go builds as well",
    };
  }
  return {
    severity: "error",
    message:
      "it is not set, neither in the environment nor by go env -w: go uses its own cache and never starts this program",
    remedy: `eval "$(${quoteGoWord(program)} env)" with your flags, or: export GOCACHEPROG="${quoteGoWord(program)} --bucket=…"; in CI, or without it: "restore" before go runs and "save" after it`,
  };
}

/** Why go can't start the program. */
function startProblem(
  { text, word, path, unquoted, problem, args }: CacheprogLine,
  off: string,
): Finding | undefined {
  if (problem !== undefined) {
    const remedy = "close the quote; go knows single and double quotes around a word and nothing else";
    return { severity: "error", message: `go can't read ${quoteValue(text)}: ${problem}`, remedy };
  }
  if (unquoted !== undefined) {
    const shown = args.map((each) => (holdsSecret(each) ? "***" : each));
    const quoted = [unquoted, ...shown].map((each) => quoteGoWord(each) ?? each).join(" ");
    return {
      severity: "error",
      message: `the path ${JSON.stringify(unquoted)} contains a blank and is not quoted, so go would start ${JSON.stringify(word)}`,
      remedy: `export GOCACHEPROG=${JSON.stringify(quoted)}`,
    };
  }
  if (path === undefined) return notFound(word, off);
  if (/[/\\]/.test(word) && !isAbsolute(word)) {
    return {
      severity: "error",
      message: `${JSON.stringify(word)} is not an absolute path; go resolves it against its working directory`,
      remedy: `export GOCACHEPROG with ${JSON.stringify(path)}`,
    };
  }
  return undefined;
}

function notFound(word: string, off: string): Finding {
  if (/^~|[$]/.test(word)) {
    return {
      severity: "error",
      message: `go looks for a program called ${JSON.stringify(word)}: it expands neither ~ nor variables`,
      remedy: "write the absolute path, or let the shell expand it: $HOME inside double quotes",
    };
  }
  const isThere = statFile(word) !== undefined;
  const notFoundRemedy = `put the program there, or its absolute path into GOCACHEPROG; to build without it: ${off}`;
  return {
    severity: "error",
    message: isThere
      ? `${word} is not executable`
      : `there is no program ${JSON.stringify(word)}${/[/\\]/.test(word) ? "" : " on the PATH"}, so every go command fails`,
    remedy: isThere ? `chmod +x ${word}` : notFoundRemedy,
  };
}

/** Whether it is this very program. */
function identity(line: CacheprogLine, program: string): Finding {
  const { path = "" } = line;
  const text = line.args.some(holdsSecret) ? `${line.word} ***` : line.text;
  const who = namesProgram(line, program);
  if (who === "this") return { severity: "ok", message: text, data: { path } };
  const data = { path, program };
  if (who === "other") {
    const message = `go starts ${path}, which is another program: this one is not used`;
    return {
      severity: "warning",
      message,
      remedy: `export GOCACHEPROG=${JSON.stringify(quoteGoWord(program))}`,
      data,
    };
  }
  const message = `go starts ${path}, another copy of this program; the findings here are about ${program}`;
  return { severity: "warning", message, remedy: `${path} doctor`, data };
}

function argumentProblem({ cacheprogUse: { problem }, cacheprog: line }: Subject): Finding[] {
  if (problem === undefined) return [];
  return [
    {
      severity: "error",
      message: `the program refuses its arguments, so every go command fails: ${problem}`,
      remedy: `${line?.word} help`,
    },
  ];
}

/** The command after which go no longer starts the program. */
function offSwitch({ env }: Subject): string {
  return env.GOCACHEPROG ? "unset GOCACHEPROG" : "go env -u GOCACHEPROG";
}

/** Where the value is from, where that may surprise. */
function origin(subject: Subject): Finding[] {
  const { env, go } = subject;
  const ofGo = "settings" in go ? go.settings.GOCACHEPROG : "";
  if (env.GOCACHEPROG || ofGo === "") return [];
  const file = "settings" in go ? go.settings.GOENV : "";
  const isEmpty = env.GOCACHEPROG === "";
  return [
    {
      severity: "note",
      message: `it is set by go env -w, in ${file}${isEmpty ? "; an empty variable does not switch that off" : ""}`,
      remedy: `${offSwitch(subject)} removes it`,
    },
  ];
}
