/** `go-cache-plugin ca print|install|uninstall`: the certificate that clients of the forward proxy have to trust. */
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { UsageError } from "../usage-error.ts";

/** Prints the certificate, or where it was installed. */
export const caCommand = declareCommand({
  meta: {
    name: "ca",
    group: "maintain",
    description: "print, install or uninstall the certificate of the forward proxy (--revproxy)",
  },
  args: { action: { type: "positional", required: true, words: ["print", "install", "uninstall"] } },
  examples: [
    "go-cache-plugin ca print --revproxy=pip.example.org > go-cache-ca.pem",
    "go-cache-plugin ca install --revproxy=pip.example.org",
    "go-cache-plugin ca uninstall --revproxy=pip.example.org",
  ],
  run: async ({ args: { action }, flags, env }) => {
    const config = toConfig(resolveSettings(flags, env));
    if (config.serve.revproxy.length === 0) {
      throw new UsageError('"ca" needs --revproxy, the hosts of the certificate');
    }
    const ca = await import("../../app/proxy-ca.ts");
    if (action === "print") writeStdout(await ca.proxyCertificate(config, env));
    else if (action === "install") {
      writeStdout(`installed in ${await ca.installProxyCertificate(config, env)}\n`);
    } else {
      await ca.uninstallProxyCertificate(config, env);
      writeStdout("uninstalled from this machine's certificate authorities\n");
    }
    return 0;
  },
});
