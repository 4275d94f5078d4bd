import { Address, configuredEndpoint } from "../../s3/address.ts";
import type { ServeParts } from "./parts.ts";

/** Where the AWS SDK gets keys for the bucket: the token service and single sign-on. */
const AWS_CREDENTIALS =
  /^(sts|sts\.[a-z0-9-]+|oidc\.[a-z0-9-]+|portal\.sso\.[a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

/**
 * Whether a URL is of a host that this server is configured to use itself: the bucket's, or a module upstream. Helpers
 * that use this server as HTTPS_PROXY, set for a whole job, need these as well.
 */
export function configuredHosts(
  { config, env }: Pick<ServeParts, "config" | "env">,
  upstreamUrls: readonly string[],
): (url: URL) => boolean {
  const upstreams = upstreamUrls.map((url) => new URL(url).origin);
  const bucket = config.remote?.bucket;
  if (bucket?.kind !== "s3") return (url) => upstreams.includes(url.origin);
  const endpointUrl = configuredEndpoint(bucket.endpointUrl, env);
  const address = new Address({ ...bucket, endpointUrl });
  return (url) => {
    const isForKeys =
      endpointUrl === undefined && url.protocol === "https:" && AWS_CREDENTIALS.test(url.host);
    return isForKeys || upstreams.includes(url.origin) || address.isAt(url);
  };
}
