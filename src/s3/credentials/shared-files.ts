/**
 * The shared AWS configuration files, `~/.aws/config` and `~/.aws/credentials`.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */

/** The region of the selected profile, if it names one. */
export async function profileRegion(env: Record<string, string | undefined>): Promise<string | undefined> {
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile, credentialsFile } = await loadSharedConfigFiles(sharedFilePaths(env));
  const profile = env.AWS_PROFILE || "default";
  return configFile[profile]?.region || credentialsFile[profile]?.region;
}

/** The paths of those files, if not the default ones. */
export function sharedFilePaths(env: Record<string, string | undefined>): {
  filepath?: string;
  configFilepath?: string;
} {
  const { AWS_SHARED_CREDENTIALS_FILE: filepath, AWS_CONFIG_FILE: configFilepath } = env;
  return { ...(filepath ? { filepath } : {}), ...(configFilepath ? { configFilepath } : {}) };
}
