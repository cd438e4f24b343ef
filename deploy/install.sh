#!/bin/sh
# Installs zamsync-edge for this machine's architecture, its checksum verified:
#
#     curl -fsSL URL/install.sh | sh -s -- --from URL [--to /usr/local/bin]
#
# URL is where the release's files lie, as `npm run edge:build` lays them out: SHA256SUMS and
# zamsync-edge-ARCH. Nothing is replaced before the new file has been found to be what
# SHA256SUMS says and to run here.
set -eu

from=${ZAMSYNC_EDGE_FROM:-}
to=/usr/local/bin

say() { printf 'zamsync-edge: %s\n' "$1" >&2; }
fail() {
  say "$1"
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --from) [ $# -ge 2 ] || fail "--from needs a value"; from=$2; shift 2 ;;
    --to) [ $# -ge 2 ] || fail "--to needs a value"; to=$2; shift 2 ;;
    *) fail "unknown argument $1; known are --from URL and --to DIR" ;;
  esac
done
[ -n "$from" ] || fail "say where the release is: --from URL"

case $(uname -s) in
  Linux) ;;
  *) fail "it runs on Linux; this is $(uname -s)" ;;
esac
machine=$(uname -m)
case $machine in
  x86_64 | amd64) arch=x86_64 ;;
  aarch64 | arm64) arch=aarch64 ;;
  armv7l | armv8l) arch=armv7 ;;
  *) fail "there is no build for $machine; there are x86_64, aarch64 and armv7" ;;
esac
# A 64-bit kernel under a 32-bit system, as on many a Raspberry Pi.
if [ "$arch" = aarch64 ] && [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 32 ]; then arch=armv7; fi
name=zamsync-edge-$arch

if command -v curl >/dev/null 2>&1; then
  fetch() { curl -fsSL --retry 5 --retry-delay 2 -C - -o "$2" "$1"; }
elif command -v wget >/dev/null 2>&1; then
  fetch() { wget -q -c -t 5 -O "$2" "$1"; }
else
  fail "neither curl nor wget is here; apt-get install curl"
fi
if command -v sha256sum >/dev/null 2>&1; then
  sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }
elif command -v openssl >/dev/null 2>&1; then
  sum_of() { openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
else
  fail "neither sha256sum nor openssl is here, so the file cannot be verified"
fi

[ -d "$to" ] || mkdir -p "$to" || fail "$to cannot be made; --to names another folder"
[ -w "$to" ] || fail "$to cannot be written; run it as root, or name another folder with --to"
# Beside its place, so that the last step is a rename.
work=$(mktemp -d "$to/.zamsync-edge.XXXXXX") || fail "$to cannot be written"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fetch "$from/SHA256SUMS" "$work/sums" || fail "$from/SHA256SUMS cannot be fetched"
wanted=$(awk -v name="$name" '$2 == name { print $1 }' "$work/sums")
[ ${#wanted} -eq 64 ] || fail "$from/SHA256SUMS does not name $name"
fetch "$from/$name" "$work/$name" || fail "$from/$name cannot be fetched"
found=$(sum_of "$work/$name")
[ "$found" = "$wanted" ] || fail "$name is not what SHA256SUMS says ($found); nothing was installed"
chmod 755 "$work/$name"
"$work/$name" version >"$work/version" 2>&1 || fail "$name does not run here; nothing was installed"
mv -f "$work/$name" "$to/zamsync-edge"
say "installed $(head -n 1 "$work/version") for $arch as $to/zamsync-edge"
