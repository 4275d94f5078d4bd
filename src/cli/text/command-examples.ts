/** What is typed in practice, by command; each line works as it stands. Loaded only for the help. */
export const COMMAND_EXAMPLES: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "serve",
    [
      "go-cache-plugin serve --plugin=5930 --bucket=my-bucket",
      "go-cache-plugin serve --detach --plugin=/tmp/go-cache.sock --http=5970",
      "go-cache-plugin serve --status",
      "go-cache-plugin serve --heap=server.heapsnapshot",
      "go-cache-plugin serve --stop",
    ],
  ],
  [
    "connect",
    [
      'export GOCACHEPROG="go-cache-plugin connect 5930"',
      'export GOCACHEPROG="go-cache-plugin connect /tmp/go-cache.sock --wait=10s"',
      'export GOCACHEPROG="go-cache-plugin connect 5930 --fallback --bucket=my-bucket"',
    ],
  ],
  ["prune", ["go-cache-plugin prune --max-size=5GiB", "go-cache-plugin prune --expiry=48h"]],
  [
    "prefetch",
    ["go-cache-plugin prefetch --bucket=my-bucket", "go-cache-plugin prefetch --wait --scope=lint"],
  ],
  [
    "gc",
    [
      "go-cache-plugin gc --bucket=my-bucket --prefix=team --dry-run",
      "go-cache-plugin gc --bucket=my-bucket --prefix=team --older-than=30d",
      "go-cache-plugin gc --bucket=my-bucket --yes",
    ],
  ],
  [
    "inspect",
    [
      "go-cache-plugin inspect --bucket=my-bucket",
      "go-cache-plugin inspect --json",
      "go-cache-plugin inspect 0123456789abcdef",
    ],
  ],
  [
    "stats",
    [
      "go-cache-plugin stats",
      "go-cache-plugin stats --json --reset",
      'go-cache-plugin stats --markdown >> "$GITHUB_STEP_SUMMARY"',
    ],
  ],
  ["explain", ["go-cache-plugin explain --bucket=my-bucket", "go-cache-plugin explain --json"]],
  ["verify", ["go-cache-plugin verify", "go-cache-plugin verify --bucket=my-bucket --repair"]],
  [
    "ca",
    [
      "go-cache-plugin ca print --revproxy=pip.example.org > go-cache-ca.pem",
      "go-cache-plugin ca install --revproxy=pip.example.org",
      "go-cache-plugin ca uninstall --revproxy=pip.example.org",
    ],
  ],
  [
    "mod",
    [
      "go-cache-plugin mod prefetch --bucket=my-bucket",
      "go-cache-plugin mod prefetch go.sum tools/go.sum",
      "go-cache-plugin mod verify",
      "go-cache-plugin mod import ~/go/pkg/mod/cache/download",
    ],
  ],
  [
    "mtimes",
    [
      "go-cache-plugin mtimes",
      "go-cache-plugin mtimes --dry-run",
      "go-cache-plugin mtimes internal/parser/testdata",
    ],
  ],
  [
    "init",
    [
      "go-cache-plugin init github --bucket=my-bucket --prefix=team --region=eu-central-1",
      "go-cache-plugin init gitlab --bucket=my-bucket --plugin=5930",
      "go-cache-plugin init shell --bucket=file:///mnt/shared/gocache >> ~/.profile",
    ],
  ],
  [
    "doctor",
    [
      "go-cache-plugin doctor",
      "go-cache-plugin doctor --bucket=my-bucket --prefix=team",
      "go-cache-plugin doctor --json > doctor.json",
    ],
  ],
  [
    "env",
    [
      'eval "$(go-cache-plugin env --bucket=my-bucket)"',
      'eval "$(go-cache-plugin env --bucket=my-bucket --plugin=5930)"',
      "go-cache-plugin env --shell=fish --bucket=my-bucket | source",
      "go-cache-plugin env --shell=powershell --bucket=my-bucket | Out-String | Invoke-Expression",
    ],
  ],
  [
    "completion",
    [
      'eval "$(go-cache-plugin completion bash)"',
      "go-cache-plugin completion zsh > ~/.zsh/completions/_go-cache-plugin",
      "go-cache-plugin completion fish > ~/.config/fish/completions/go-cache-plugin.fish",
    ],
  ],
  ["help", ["go-cache-plugin help", "go-cache-plugin help configure", "go-cache-plugin help gc"]],
  ["version", ["go-cache-plugin version"]],
]);
