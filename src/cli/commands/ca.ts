/** `go-cache-plugin ca print|install|uninstall`: the certificate that clients of the forward proxy have to trust. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { UsageError } from "../usage-error.ts";

/** Prints the certificate, or where it was put. */
export function caCommand(call: Call) {
  return defineCommand({
    meta: { name: "ca", description: "Print or install the forward proxy's certificate" },
    args: { action: { type: "positional", required: false } },
    run: ({ args }) => act(call, args.action),
  });
}

async function act({ commandLine, env }: Call, action: string | undefined): Promise<void> {
  const config = toConfig(resolveSettings(commandLine.flags, env));
  if (config.serve.revproxy.length === 0) {
    throw new UsageError('"ca" needs --revproxy, the hosts that the certificate is for');
  }
  const ca = await import("../../app/proxy-ca.ts");
  if (action === "print") writeStdout(await ca.proxyCertificate(config, env));
  else if (action === "install") {
    writeStdout(`installed in ${await ca.installProxyCertificate(config, env)}\n`);
  } else {
    await ca.uninstallProxyCertificate(config, env);
    writeStdout("removed from this machine's list of authorities\n");
  }
}
