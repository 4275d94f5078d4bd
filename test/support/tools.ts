/** Programs that tests need in addition to go, at pinned versions. */
import { type GoRelease, NEWEST_GO } from "./go-toolchain.ts";

/** A program that `go install <pkg>@<version>` builds with one go release. */
export interface InstallableTool {
  pkg: string;
  version: string;
  release: GoRelease;
}

/** A linter of Go's own `golang.org/x/tools`: it reads export data as all linters do, and builds within seconds. */
export const UNUSEDRESULT: InstallableTool = {
  pkg: "golang.org/x/tools/go/analysis/passes/unusedresult/cmd/unusedresult",
  version: "v0.52.0",
  release: NEWEST_GO,
};

/** The large linters read the export data of the release that they were built with. */
export const LINTER_GO = "1.26.10";

/** An S3 server that checks signatures, ranges and conditions. */
export const VERSITYGW: InstallableTool = {
  pkg: "github.com/versity/versitygw/cmd/versitygw",
  version: "v1.8.0",
  release: NEWEST_GO,
};

/** Prometheus's own parser of its text format: fails for texts that Prometheus would refuse. */
export const PROM2JSON: InstallableTool = {
  pkg: "github.com/prometheus/prom2json/cmd/prom2json",
  version: "v1.4.2",
  release: NEWEST_GO,
};

export const STATICCHECK: InstallableTool = {
  pkg: "honnef.co/go/tools/cmd/staticcheck",
  version: "v0.8.2",
  release: LINTER_GO,
};

export const GOLANGCI_LINT: InstallableTool = {
  pkg: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint",
  version: "v2.15.0",
  release: LINTER_GO,
};

/** Checks workflows and actions of GitHub: syntax, expressions, inputs of well-known actions. */
export const ACTIONLINT: InstallableTool = {
  pkg: "github.com/rhysd/actionlint/cmd/actionlint",
  version: "v1.7.12",
  release: NEWEST_GO,
};

/** The tools that `npm test` needs. */
export const TOOLS = [VERSITYGW, UNUSEDRESULT, PROM2JSON, ACTIONLINT, STATICCHECK];

/** The tools that only `npm run test:all` needs: it takes minutes to compile this one. */
export const LONG_TOOLS = [GOLANGCI_LINT];
