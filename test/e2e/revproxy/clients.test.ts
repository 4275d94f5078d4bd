/**
 * Real clients through the proxy, certificates checked: the first run comes from the origin, the second from this
 * machine, the third, on a machine with an empty disk, from the bucket.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { type FarHosts, startFarHosts } from "../../support/far-hosts.ts";
import { goEnv, metricsOf, NEWEST_GO } from "../../support/go-toolchain.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging: clients start slowly on a busy machine.
setDefaultTimeout(300_000);

const HOSTS = [
  "files.example",
  "git.example",
  "npm.example",
  "pypi.example",
  "goproxy.example",
  "apt.example",
];
const FOREVER = "public, max-age=31536000, immutable";
const CHECKED_EACH_TIME = "no-cache";

/** Names of files that change; the others on these hosts never do. */
const CHANGING =
  /\/(info\/refs|HEAD|objects\/info\/packs|thing|simple\/.*|InRelease|Release|Packages|@v\/list|@latest)$/;

let dir: TempDir;
let far: FarHosts;
let s3: S3Server;
/** The unchanging files that each host has sent. */
const served: string[] = [];

beforeAll(async () => {
  dir = tempDir("clients");
  s3 = await startS3Server();
  await makeOrigin(dir.join("origin"));
  far = await startFarHosts(HOSTS, (url, request, response) => {
    const path = join(dir.join("origin"), url.hostname, decodeURIComponent(url.pathname));
    const isFile = existsSync(path) && statSync(path).isFile();
    const file = isFile ? path : join(path, "index");
    if (!existsSync(file)) {
      response.writeHead(404).end("there is no such thing");
      return;
    }
    const isChanging = CHANGING.test(url.pathname.replace(/\/$/, ""));
    if (!isChanging) served.push(url.hostname);
    const etag = `"${Bun.hash(readFileSync(file))}"`;
    response.setHeader("Cache-Control", isChanging ? CHECKED_EACH_TIME : FOREVER);
    response.setHeader("ETag", etag);
    if (path.includes("simple")) response.setHeader("Content-Type", "text/html");
    if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.end(readFileSync(file));
  });
});
afterAll(async () => {
  await far[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Runs a client on a machine; throws when it fails, and returns what it downloaded. */
type Client = (machine: ProxyMachine, work: string) => Promise<string>;

const clients: Record<string, { host: string; client: Client; got: string | RegExp }> = {
  curl: {
    host: "files.example",
    client: async (machine, work) => {
      await succeed(
        ["curl", "-fsS", "-o", join(work, "out"), "https://files.example/data.bin"],
        machine,
        work,
      );
      return readFileSync(join(work, "out"), "utf8");
    },
    got: "some data\n",
  },
  "git clone over https": {
    host: "git.example",
    client: async (machine, work) => {
      await succeed(
        ["git", "clone", "-q", "https://git.example/repo.git", join(work, "clone")],
        machine,
        work,
      );
      return readFileSync(join(work, "clone/hello.txt"), "utf8");
    },
    got: "hello from git\n",
  },
  npm: {
    host: "npm.example",
    client: async (machine, work) => {
      writeFileSync(join(work, "package.json"), "{}");
      const flags = [
        "--registry=https://npm.example/",
        `--cache=${join(work, "npm-cache")}`,
        "--no-audit",
        "--no-fund",
      ];
      await succeed(["npm", "install", "thing@1.0.0", ...flags], machine, work);
      return readFileSync(join(work, "node_modules/thing/index.js"), "utf8");
    },
    got: "module.exports = 42;\n",
  },
  pip: {
    host: "pypi.example",
    client: async (machine, work) => {
      const flags = [
        "--index-url=https://pypi.example/simple",
        "--no-cache-dir",
        "--no-deps",
        "--disable-pip-version-check",
      ];
      const target = `--target=${join(work, "site")}`;
      await succeed(["python3", "-m", "pip", "install", "-q", ...flags, target, "thing==1.0"], machine, work);
      return readFileSync(join(work, "site/thing.py"), "utf8");
    },
    got: "answer = 42\n",
  },
  "apt over http": {
    host: "apt.example",
    client: async (machine, work) => {
      const apt = aptFlags(machine, work);
      await succeed(["apt-get", ...apt, "update"], machine, work);
      await succeed(["apt-get", ...apt, "download", "thing"], machine, work);
      return await succeed(["dpkg-deb", "--fsys-tarfile", join(work, "thing_1.0_all.deb")], machine, work);
    },
    got: /packed by dpkg/,
  },
  "go with GOPROXY": {
    host: "goproxy.example",
    client: async (machine, work) => {
      const env = await goEnv({
        release: NEWEST_GO,
        gocache: join(work, "gocache"),
        env: {
          ...machine.clientEnv,
          // go's own modules are fetched already; only this one is not.
          GOMODCACHE: join(work, "modcache"),
          GOPROXY: "https://goproxy.example",
          GOSUMDB: "off",
          GOTOOLCHAIN: "local",
        },
      });
      const { stdout, stderr, exitCode } = await run(
        ["go", "mod", "download", "-json", "example.com/thing@v1.0.0"],
        {
          cwd: work,
          env,
        },
      );
      await run(["chmod", "-R", "u+w", join(work, "modcache")]);
      if (exitCode !== 0) throw new Error(`go: ${stdout}${stderr}`);
      return (JSON.parse(stdout) as { Version: string }).Version;
    },
    got: "v1.0.0",
  },
};

for (const [name, { host, client, got }] of Object.entries(clients)) {
  describe.concurrent(name, () => {
    test("is served by the origin, then by this machine, then on a new one from the bucket", async () => {
      const flags = s3Flags(s3, { prefix: name.replaceAll(" ", "-") });
      const servedSoFar = () => served.filter((one) => one === host).length;
      const outcomes: (boolean | number)[] = [];
      for (const [run_, machineName] of [
        ["first", "one"],
        ["second", "one"],
        ["third", "two"],
      ] as const) {
        const machineDir = dir.join(name.replaceAll(" ", "-"), machineName);
        mkdirSync(machineDir, { recursive: true });
        const machine = await startProxyMachine({
          dir: machineDir,
          hosts: [...HOSTS, "*.pkg.example"],
          flags,
          env: { ...s3.env, ...far.env, no_proxy: "127.0.0.1" },
        });
        await using _running = machine;
        const work = join(machineDir, run_);
        mkdirSync(work);
        const before = servedSoFar();
        const found = await client(machine, work);
        if (typeof got === "string") expect(found).toBe(got);
        else expect(found).toMatch(got);
        outcomes.push(run_ === "first" ? servedSoFar() > before : servedSoFar() - before);
        await machine.stop();
        rmSync(work, { recursive: true, force: true });
      }
      expect({ name, outcomes }).toEqual({ name, outcomes: [true, 0, 0] });
    });
  });
}

test("a client that does not trust the proxy's certificate gets nothing", async () => {
  const own = dir.join("untrusting");
  mkdirSync(own);
  await using machine = await startProxyMachine({ dir: own, hosts: HOSTS, env: far.env });
  const env = plainEnv({ ...machine.clientEnv, CURL_CA_BUNDLE: "", SSL_CERT_FILE: "" });
  const outcome = await run(["curl", "-sS", "https://files.example/data.bin"], { env });
  expect([outcome.exitCode, outcome.stdout]).toEqual([60, ""]);
  const { proxy_proxy_conn_accept: accepted, proxy_proxy_conn_error: failed } = metricsOf(
    await machine.stop(),
  );
  expect([accepted, failed]).toEqual([1, 1]);
});

/** Runs a client with the proxy's variables and without the user's settings; throws when it fails. */
async function succeed(argv: string[], machine: ProxyMachine, work: string): Promise<string> {
  // `npm test` passes its own settings on, including certificates.
  const inherited = Object.entries(plainEnv()).filter(([name]) => !/^npm_/i.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    ...machine.clientEnv,
    HOME: work,
    GIT_CONFIG_NOSYSTEM: "1",
    PIP_CONFIG_FILE: "/dev/null",
    npm_config_userconfig: join(work, ".npmrc"),
    npm_config_globalconfig: join(work, "npmrc"),
  };
  const { stdout, stderr, exitCode } = await run(argv, { cwd: work, env });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** An apt with its own directories, and only our repository. */
function aptFlags(machine: ProxyMachine, work: string): string[] {
  for (const name of ["lists/partial", "cache/archives/partial", "etc"])
    mkdirSync(join(work, name), { recursive: true });
  writeFileSync(join(work, "status"), "");
  writeFileSync(join(work, "etc/sources.list"), "deb [trusted=yes] http://apt.example/ ./\n");
  const settings = {
    Dir: work,
    "Dir::State::Lists": join(work, "lists"),
    "Dir::State::Status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    "Dir::Etc::SourceList": join(work, "etc/sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "APT::Sandbox::User": "root",
    "APT::Architecture": "amd64",
    "Acquire::http::Proxy": machine.address,
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** The hosts' files, below `root/<host>`. */
async function makeOrigin(root: string): Promise<void> {
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const make = async (argv: string[], cwd = root) => {
    const { stdout, stderr, exitCode } = await run(argv, { cwd });
    if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  write("files.example/data.bin", "some data\n");

  write("work/repo/hello.txt", "hello from git\n");
  const git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"];
  const repo = join(root, "work/repo");
  await make([...git, "init", "-q", "-b", "main"], repo);
  await make([...git, "add", "."], repo);
  await make([...git, "commit", "-q", "-m", "one"], repo);
  mkdirSync(join(root, "git.example"));
  await make([...git, "clone", "-q", "--bare", repo, join(root, "git.example/repo.git")]);
  await make(["git", "update-server-info"], join(root, "git.example/repo.git"));

  write("work/npm/package/package.json", JSON.stringify({ name: "thing", version: "1.0.0" }));
  write("work/npm/package/index.js", "module.exports = 42;\n");
  mkdirSync(join(root, "npm.example/thing/-"), { recursive: true });
  const tarball = join(root, "npm.example/thing/-/thing-1.0.0.tgz");
  await make(["tar", "-czf", tarball, "package"], join(root, "work/npm"));
  const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(readFileSync(tarball)).digest("base64")}`;
  const dist = { tarball: "https://npm.example/thing/-/thing-1.0.0.tgz", integrity };
  const version = { name: "thing", version: "1.0.0", dist };
  const packument = { name: "thing", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
  write("npm.example/thing/index", JSON.stringify(packument));

  const info = "thing-1.0.dist-info";
  const wheel = makeZip({
    "thing.py": "answer = 42\n",
    [`${info}/METADATA`]: "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${info}/RECORD`]: `thing.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
  });
  write("pypi.example/files/thing-1.0-py3-none-any.whl", wheel);
  write(
    "pypi.example/simple/thing/index",
    '<a href="/files/thing-1.0-py3-none-any.whl">thing-1.0-py3-none-any.whl</a>',
  );

  write(
    "work/deb/DEBIAN/control",
    "Package: thing\nVersion: 1.0\nArchitecture: all\nMaintainer: t <t@example.com>\nDescription: t\n",
  );
  write("work/deb/usr/share/thing", "packed by dpkg\n");
  mkdirSync(join(root, "apt.example"));
  const deb = join(root, "apt.example/thing_1.0_all.deb");
  await make(["dpkg-deb", "-Znone", "-b", join(root, "work/deb"), deb]);
  const bytes = readFileSync(deb);
  const control = readFileSync(join(root, "work/deb/DEBIAN/control"), "utf8");
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const entry = `${control}Filename: ./thing_1.0_all.deb\nSize: ${bytes.length}\nSHA256: ${sha256}\n\n`;
  write("apt.example/Packages", entry);
  const packagesHash = new Bun.CryptoHasher("sha256").update(entry).digest("hex");
  const today = new Date().toUTCString();
  write(
    "apt.example/Release",
    `Origin: t\nSuite: t\nDate: ${today}\nSHA256:\n ${packagesHash} ${entry.length} Packages\n`,
  );

  const module = "goproxy.example/example.com/thing/@v";
  write(`${module}/list`, "v1.0.0\n");
  write(`${module}/v1.0.0.info`, JSON.stringify({ Version: "v1.0.0", Time: "2020-01-01T00:00:00Z" }));
  write(`${module}/v1.0.0.mod`, "module example.com/thing\n");
  write(
    `${module}/v1.0.0.zip`,
    makeZip({
      "example.com/thing@v1.0.0/go.mod": "module example.com/thing\n",
      "example.com/thing@v1.0.0/thing.go": "package thing\n",
    }),
  );
}
