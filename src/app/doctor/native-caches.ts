/** What `restore` and `save` fill and read out besides GOCACHE: the caches of linters, and modules. */
import { type Stats, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { GoModCache } from "../../gomodcache/go-mod-cache.ts";
import { ownerProblem } from "../../lib/files/path-owner.ts";
import { directiveValues } from "../../remote/scope/mod-file.ts";
import { readFileStart } from "../../remote/scope/read-file-start.ts";
import type { GoCheckout } from "../go-env.ts";
import { type CheckoutModules, findModules, mainFile, modMode, usesVendor } from "../native/find-modules.ts";
import { findLintCaches, LINTERS } from "../native/native-caches.ts";
import type { Check, Finding, Subject } from "./check.ts";
import { writeProblem } from "./write-problem.ts";

/** Larger files are not made by hand. */
const MAX_GO_MOD_BYTES = 1 << 20;
const OWN_MODCACHE =
  "set GOMODCACHE to a directory that this user can write, such as: export GOMODCACHE=/tmp/go-mod";

/** Which caches of linters there are, and whether they can be filled. */
export const lintCaches: Check = {
  name: "linters' caches",
  run: ({ env, cacheprog }: Subject): Finding[] => {
    if (cacheprog !== undefined) return [];
    const caches = findLintCaches(env);
    const refused = LINTERS.filter(({ name }) => caches.every((cache) => cache.name !== name));
    const findings = refused.map(({ name, variable }): Finding => {
      const value = env[variable];
      const message =
        value === undefined || value === ""
          ? `${name} has no cache: none of ${variable}, XDG_CACHE_HOME and HOME is an absolute path`
          : `${variable} is ${JSON.stringify(value)}, so ${name} refuses to run, and nothing of it is restored or saved`;
      return { severity: "note", message, remedy: `set ${variable} to an absolute path, or unset it` };
    });
    const problems = caches.map(({ path }) => writeProblem(path));
    for (const [at, { name, path }] of caches.entries())
      if (problems[at] !== undefined)
        findings.push({
          severity: "warning",
          message: `${path} can't be written, so restore can't fill it for ${name}: ${problems[at]}`,
          remedy: `set ${LINTERS.find((linter) => linter.name === name)?.variable} to a directory that this user can write`,
        });
    const sound = caches.filter((_, at) => problems[at] === undefined);
    if (sound.length === 0) return findings;
    const paths = sound.map(({ name, path }) => `${name} ${path}`).join(", ");
    const message = `${paths}; restored where an earlier run of the job has used them`;
    return [...findings, { severity: "ok", message, data: { caches: sound } }];
  },
};

/** With a helper, too, where restore was about them in this run of the job. */
export function mayRestoreModules({ cacheprog, restored }: Subject): boolean {
  return cacheprog === undefined || restored.has("modules");
}

/** Which modules restore would bring, and where to. */
export const moduleCache: Check = {
  name: "GOMODCACHE",
  run: (subject: Subject): Finding[] => {
    const { go, cwd } = subject;
    if (!mayRestoreModules(subject) || !("settings" in go)) return [];
    const { GOMODCACHE: path } = go.settings;
    const found = findModules(go.settings, cwd);
    if (found === undefined) {
      const message = `GOMODCACHE is ${JSON.stringify(path)}, no absolute path, so no modules are restored or saved`;
      return [{ severity: "note", message, remedy: "unset GOMODCACHE, or set it to an absolute path" }];
    }
    if (found.wanted.length === 0) return [nothingWanted(go.settings, path)];
    const problem = writeProblem(path);
    if (problem !== undefined) {
      const message = `${path} can't be written, so restore brings no modules, and go can fetch none: ${problem}`;
      return [{ severity: "warning", message, remedy: OWN_MODCACHE }];
    }
    return [counted(found), ...owner(path)];
  },
};

function nothingWanted(checkout: GoCheckout, path: string): Finding {
  const left = `so restore and save leave ${path} alone`;
  if (mainFile(checkout) === undefined) {
    const remedy = "run doctor where go runs, in the module's directory";
    return { severity: "note", message: `there is no go.mod here, ${left}`, remedy };
  }
  if (usesVendor(checkout))
    return { severity: "ok", message: `go takes the modules from the folder vendor, ${left}` };
  if (!needsModules(checkout))
    return { severity: "ok", message: `go.mod requires no modules, ${left}`, data: { path, wanted: 0 } };
  const how =
    modMode(checkout) === "mod" ? "; with -mod=mod in GOFLAGS go makes it anew in each checkout" : "";
  return {
    severity: "note",
    message: `go.mod requires modules, and no go.sum names them${how}: nothing says what they should be, ${left}`,
    remedy: "go mod tidy, and commit go.sum",
  };
}

function needsModules({ GOMOD }: GoCheckout): boolean {
  const text = isAbsolute(GOMOD) ? readFileStart(GOMOD, MAX_GO_MOD_BYTES) : undefined;
  return text !== undefined && !directiveValues(text, "require").next().done;
}

function counted({ path, wanted, isWritable }: CheckoutModules): Finding {
  using local = new GoModCache(path, wanted, { isWritable, forms: "auto" });
  const present = local.countModules([...local.present()]);
  const message = `${path}: ${present} of the ${wanted.length} modules that go.sum names are here`;
  return { severity: "ok", message, data: { path, wanted: wanted.length, present } };
}

/** What others have put there go takes as it is; so does restore, which leaves it alone. */
function owner(path: string): Finding[] {
  const stat = look(path);
  const problem = stat && ownerProblem(stat);
  if (problem === undefined) return [];
  const message = `${path} ${problem}: go uses the modules there as they are`;
  return [{ severity: "note", message, remedy: OWN_MODCACHE }];
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
