import type { CiCase } from "./ci-case.ts";

export const TEAMCITY_CASES: readonly CiCase[] = [
  {
    name: "TeamCity: the branch is git's to say",
    env: { TEAMCITY_VERSION: "2025.07", TEAMCITY_BUILDCONF_NAME: "Unit tests", BUILD_NUMBER: "88" },
    scope: {
      job: "Unit tests",
      run: "88",
      branch: "none",
      fallbackBranches: ["main"],
      defaultBranch: "main",
    },
  },
];
