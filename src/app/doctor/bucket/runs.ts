/** The scope of builds here, and its newest run. */

import { LocalCache } from "../../../buildcache/local-cache.ts";
import { GoCache } from "../../../gocache/go-cache.ts";
import { formatByteSize } from "../../../lib/text/byte-size.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { formatSpan } from "../../../lib/text/duration.ts";
import { type Forecast, forecastHits } from "../../../remote/packed/index/forecast.ts";
import { detectCi } from "../../../remote/scope/detect-ci.ts";
import { detectScope, type Scope } from "../../../remote/scope/scope.ts";
import { scopeOrigin } from "../../../remote/scope/scope-origin.ts";
import { S3Error } from "../../../s3/s3-error.ts";
import { LocalDir } from "../../../store/local/local-dir.ts";
import { FallbackDir } from "../../cache-dir/fallback-dir.ts";
import type { RemoteConfig } from "../../config.ts";
import { platformOf } from "../../native/cache-platform.ts";
import { findModules } from "../../native/find-modules.ts";
import type { CacheName } from "../../native/native-caches.ts";
import { openTrust } from "../../remote/open-trust.ts";
import type { Check, Finding, Subject } from "../check.ts";
import { mayRestoreModules } from "../native-caches.ts";
import { bucketTrouble } from "./bucket-trouble.ts";
import { list } from "./listing.ts";
import { get } from "./objects.ts";

/** The scope of a go command that is started in the same place. */
function scopeHere({ env, cwd }: Pick<Subject, "env" | "cwd">, { project, job }: RemoteConfig): Scope {
  return detectScope({ env, cwd, project, job, nowMs: Date.now() });
}

/** The scope (its runs share an index) and the source of each of its parts. */
export const scope: Check = {
  name: "scope",
  run: (subject: Subject): Finding[] => {
    const { bucket, env, cwd } = subject;
    if (bucket === undefined || bucket.config.layout === "split") return [];
    const { project, branch, job, platform, fallbackBranches } = scopeHere(subject, bucket.config);
    const origin = scopeOrigin({ env, cwd, project: bucket.config.project, job: bucket.config.job });
    const further = fallbackBranches.length === 0 ? "" : `, then ${fallbackBranches.join(", ")}`;
    const message = `project ${project} (${origin.project}), branch ${branch}${further} (${origin.branch}), job ${job} (${origin.job}), platform ${platform}`;
    const data = { project, branch, fallbackBranches, job, platform, origin };
    if (isUnknownCi(env) && !bucket.config.job) {
      const remedy = "set --scope to the name of the job: otherwise all jobs of this CI share one index";
      return [{ severity: "warning", message, remedy, data }];
    }
    if (project !== "no-module") return [{ severity: "ok", message, data }];
    return [
      {
        severity: "note",
        message,
        remedy: "run doctor where go runs, in the module's directory, or set --project",
        data,
      },
    ];
  },
};

function isUnknownCi(env: Subject["env"]): boolean {
  return Boolean(env.CI) && env.CI !== "false" && detectCi(env) === undefined;
}

/** The record of the newest run of this scope, and how much of it the next run will hit. */
export const newestRun: Check = {
  name: "newest run",
  needs: [list, get],
  run: async (subject: Subject, signal: AbortSignal): Promise<Finding[]> => {
    const { cacheprog, restored } = subject;
    const isOfOthers = cacheprog === undefined && restored.size > 0 && !restored.has("build");
    if (isOfOthers) return [];
    return await foresee(subject, signal, {
      cache: "build",
      local: localOutputs(subject),
      judge: (forecast) => (forecast === undefined ? nothingKnown() : judge(forecast)),
    });
  },
};

/** The same for the modules of a job with go's own cache directory, which restore takes from runs of their own. */
export const newestModules: Check = {
  name: "newest modules",
  needs: [list, get],
  run: async (subject: Subject, signal: AbortSignal): Promise<Finding[]> => {
    const { go, cwd } = subject;
    if (!mayRestoreModules(subject) || !("settings" in go)) return [];
    if ((findModules(go.settings, cwd)?.wanted.length ?? 0) === 0) return [];
    // Restore asks for modules by their names, and fetches none that is here.
    const local = { findOutput: () => undefined };
    return await foresee(subject, signal, { cache: "modules", local, judge: judgeModules });
  },
};

async function foresee(
  { bucket, ...subject }: Subject,
  signal: AbortSignal,
  {
    cache,
    local,
    judge,
  }: {
    cache: CacheName;
    local: Parameters<typeof forecastHits>[0]["local"];
    judge: (forecast: Forecast | undefined) => Finding;
  },
): Promise<Finding[]> {
  if (bucket === undefined || bucket.config.layout === "split") return [];
  const { config, store } = bucket;
  const own = scopeHere(subject, config);
  try {
    const forecast = await forecastHits({
      store,
      prefixes: [config.prefix, ...config.readPrefixes],
      scope: { ...own, platform: platformOf(cache, own.platform) },
      local,
      check: openTrust(config)?.check,
      signal,
    });
    return [judge(forecast)];
  } catch (error) {
    if (error instanceof S3Error || signal.aborted) return [bucketTrouble(error, "s3:GetObject", config)];
    return [
      {
        severity: "warning",
        message: `the newest record is not used: ${describeError(error)}`,
        remedy: "the next run writes a new one; with --trust-key only a job that has --sign-key does",
      },
    ];
  }
}

/** Where a go command looks first. */
function localOutputs({ config, dir, env, cacheprog, restored }: Subject) {
  if (restored.has("build") && cacheprog === undefined && env.GOCACHE !== undefined)
    return new GoCache(env.GOCACHE);
  return new LocalCache({
    dir: new LocalDir(dir.root),
    fallback: new FallbackDir(dir.root),
    expiryMs: config.expiryMs,
    onWriteError: () => {},
  });
}

function nothingKnown(): Finding {
  return {
    severity: "note",
    message:
      "no run of this project and platform is known yet: the next build compiles everything and stores it",
    remedy: "if there should be one, compare --prefix and the scope with those of the job that stored it",
  };
}

function judge(forecast: Forecast): Finding {
  const { entries, local, remote, gone, fetchBytes } = forecast;
  const share = entries === 0 ? 0 : (local + remote) / entries;
  const what = `names ${entries} entries, ${local} here, ${remote} to fetch (${formatByteSize(fetchBytes)}), ${gone} gone; a build like that one would hit ${formatPercent(share)}`;
  return ofRecord(forecast, what, { entries, local, remote, gone, fetchBytes });
}

function judgeModules(forecast: Forecast | undefined): Finding {
  if (forecast === undefined) {
    const message =
      "no run of this job with modules is known yet: go downloads them, and the next save stores them";
    return { severity: "note", message };
  }
  const { entries, gone, fetchBytes } = forecast;
  const what = `names ${entries} entries of modules (${formatByteSize(fetchBytes)}), ${gone} gone; restore fetches those that go.sum names and that are not here`;
  return ofRecord(forecast, what, { entries, gone, fetchBytes });
}

function ofRecord(
  { record, serverTimeMs, gone }: Forecast,
  what: string,
  counts: Record<string, number>,
): Finding {
  const origin = record.role === "own" ? "of this job" : "of another job or branch";
  const ageMs = serverTimeMs - record.modifiedMs;
  const message = `${formatSpan(Math.max(0, ageMs))} ago, ${origin} (record of ${formatByteSize(record.sizeBytes)}): ${what}`;
  const data = { key: record.key, ageMs, sizeBytes: record.sizeBytes, ...counts };
  if (gone === 0) return { severity: "ok", message, data };
  return {
    severity: "warning",
    message,
    remedy: "something other than gc deletes packs or segments, such as a lifecycle rule: leave that to gc",
    data,
  };
}

/** Never "100.0 %" unless it is all. */
function formatPercent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}
