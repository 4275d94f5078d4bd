import type { Check, Finding, Patient } from "./check.ts";

/** The first minor release of Go 1 that knows GOCACHEPROG. */
const FIRST_MINOR = 24;

/** Whether go is there, and new enough to have a helper. */
export const goRelease: Check = {
  name: "go",
  run: ({ go }: Patient): Finding[] => {
    if (!("settings" in go)) {
      const remedy =
        go.path === undefined
          ? "install Go 1.24 or newer, or put its bin directory on the PATH"
          : "run it by hand; GOTOOLCHAIN and the go line of go.mod decide which release it starts";
      return [{ severity: "error", message: go.problem, remedy }];
    }
    const { GOVERSION: version, GOOS, GOARCH, GOTOOLCHAIN } = go.settings;
    const data = { version, path: go.path };
    const minor = /go1\.(\d+)/.exec(version)?.[1];
    if (minor !== undefined && Number(minor) < FIRST_MINOR) {
      return [
        {
          severity: "error",
          message: `${version} does not know GOCACHEPROG, it came with Go 1.24: nothing is cached by this program`,
          remedy: `install Go 1.24 or newer, or let go choose it: GOTOOLCHAIN is ${GOTOOLCHAIN || "not set"}`,
          data,
        },
      ];
    }
    return [{ severity: "ok", message: `${version} for ${GOOS}/${GOARCH}, ${go.path}`, data }];
  },
};
