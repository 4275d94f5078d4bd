#!/bin/sh
# Installs go-cache-plugin: downloads a release's archive for this machine, checks it against the release's SHA256SUMS
# (or a sum of your own), and puts the program in place. Run with --help for the options.
set -eu

# As in package.json; a test compares.
REPOSITORY=OWNER/go-cache-plugin

usage() {
  cat <<EOF
usage: sh install.sh [--version TAG] [--to DIR] [--target NAME] [--sha256 SUM]

  --version TAG   the release, such as v0.1.0; default: the latest
  --to DIR        where the program goes; default: /usr/local/bin if you may write there, else ~/.local/bin
  --target NAME   such as linux-x64, linux-x64-baseline, linux-arm64-musl, darwin-arm64; default: this machine's
  --sha256 SUM    of the .tar.gz, instead of what the release's SHA256SUMS says; then that archive is taken

GO_CACHE_PLUGIN_BASE_URL names a mirror: the URL of the directory that holds the archives and SHA256SUMS.
EOF
}

fail() {
  # As an annotation, where GitHub runs this.
  echo "${GITHUB_ACTIONS:+::error::}install.sh: $1" >&2
  exit 1
}

main() {
  version=
  directory=
  target=
  sum=
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        usage
        return
        ;;
      --version | --to | --target | --sha256)
        [ $# -ge 2 ] || fail "$1 needs a value; see --help"
        case $1 in
          --version) version=$2 ;;
          --to) directory=$2 ;;
          --target) target=$2 ;;
          --sha256) sum=$2 ;;
        esac
        shift 2
        ;;
      *) fail "unknown option $1; see --help" ;;
    esac
  done
  [ -n "$target" ] || target=$(machine_target)
  [ -n "$directory" ] || directory=$(default_directory)

  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 1' HUP INT TERM

  base=$(base_url "$version")
  archive=go-cache-plugin-$target.tar.gz
  if [ -z "$sum" ]; then
    fetch "$base/SHA256SUMS" "$temporary/SHA256SUMS"
    archive=$(smallest_archive "go-cache-plugin-$target")
    sum=$(published_sum "$archive")
    [ -n "$sum" ] || fail "SHA256SUMS of the release has no line for $archive"
  fi
  fetch "$base/$archive" "$temporary/$archive"
  check "$temporary/$archive" "$sum"
  unpack "$temporary/$archive" || fail "$archive can't be unpacked"
  put_in_place "$temporary/go-cache-plugin"
}

base_url() {
  if [ -n "${GO_CACHE_PLUGIN_BASE_URL:-}" ]; then
    echo "${GO_CACHE_PLUGIN_BASE_URL%/}"
  elif [ -n "$1" ]; then
    echo "https://github.com/$REPOSITORY/releases/download/$1"
  else
    echo "https://github.com/$REPOSITORY/releases/latest/download"
  fi
}

# linux-x64, with -baseline where the processor has no AVX2, with -musl where the C library is musl.
machine_target() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "no archive for $(uname -s); on Windows take the .zip of the release" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "no archive for the processor $(uname -m)" ;;
  esac
  # A shell that is translated by Rosetta.
  if [ "$os-$arch" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    arch=arm64
  fi
  suffix=
  if [ "$os-$arch" = darwin-x64 ] && [ "$(sysctl -n hw.optional.avx2_0 2>/dev/null)" = 0 ]; then
    suffix=-baseline
  fi
  if [ "$os-$arch" = linux-x64 ] && ! grep -qw avx2 /proc/cpuinfo; then
    suffix=-baseline
  fi
  if [ "$os" = linux ] && is_musl; then
    suffix=$suffix-musl
  fi
  echo "$os-$arch$suffix"
}

is_musl() {
  for loader in /lib/ld-musl-*; do
    [ ! -e "$loader" ] || return 0
  done
  return 1
}

default_directory() {
  if [ -w /usr/local/bin ]; then
    echo /usr/local/bin
  else
    echo "$HOME/.local/bin"
  fi
}

fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --retry 3 -o "$2" "$1" || fail "can't download $1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1" || fail "can't download $1"
  else
    fail "curl or wget is needed"
  fi
}

# Of those that the release has and this machine can unpack.
smallest_archive() {
  if command -v zstd >/dev/null 2>&1 && [ -n "$(published_sum "$1.tar.zst")" ]; then
    echo "$1.tar.zst"
  else
    echo "$1.tar.gz"
  fi
}

# Nothing where the release has no such file.
published_sum() {
  awk -v name="$1" '$2 == name || $2 == "*" name { print $1 }' "$temporary/SHA256SUMS"
}

check() {
  if command -v sha256sum >/dev/null 2>&1; then
    actual=$(sha256sum "$1")
  elif command -v shasum >/dev/null 2>&1; then
    actual=$(shasum -a 256 "$1")
  elif command -v openssl >/dev/null 2>&1; then
    actual=$(openssl dgst -sha256 -r "$1")
  else
    fail "sha256sum, shasum or openssl is needed to check the download"
  fi
  actual=${actual%% *}
  [ "$actual" = "$2" ] ||
    fail "$(basename "$1") has the SHA-256 $actual instead of $2; nothing was installed"
}

unpack() {
  case $1 in
    *.zst) zstd -dq -o "$temporary/archive.tar" "$1" && tar -xf "$temporary/archive.tar" -C "$temporary" ;;
    *) tar -xzf "$1" -C "$temporary" ;;
  esac
}

# By a rename, so that a program that runs, or two installations at once, do no harm.
put_in_place() {
  chmod 755 "$1"
  said=$("$1" version 2>&1) || case $said in
    *libstdc++.so.6* | *libgcc_s.so.1*) fail "the C++ runtime is missing here; on Alpine: apk add libstdc++ libgcc" ;;
    *) fail "the program does not start here: $said" ;;
  esac
  mkdir -p "$directory" || fail "can't make $directory; choose another with --to"
  half=$directory/.go-cache-plugin.$$
  # shellcheck disable=SC2015
  cp "$1" "$half" && mv -f "$half" "$directory/go-cache-plugin" || {
    rm -f "$half"
    fail "can't write to $directory; choose another with --to, or use sudo"
  }
  echo "$said: $directory/go-cache-plugin"
  case :$PATH: in
    *:"$directory":*) ;;
    *) echo "Put $directory on your PATH, or give go the whole path: GOCACHEPROG=$directory/go-cache-plugin" ;;
  esac
}

main "$@"
