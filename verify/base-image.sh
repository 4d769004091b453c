#!/usr/bin/env bash
# Builds a stand-in for the distroless base where none can be pulled: this repository's Node and the libraries it is linked
# against, laid out as there; nothing else, so no shell either. verify/base-image.sh TAG
set -euo pipefail
cd "$(dirname "$0")/.."

tag=$1
node=$(readlink -f node_modules/node/bin/node)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

install -D -m 0755 "$node" "$root/nodejs/bin/node"
# `ldd` names each library behind an arrow, and the loader by its path alone.
ldd "$node" | grep -oE '/[^ ]+' | while read -r library; do
  install -D -m 0755 "$(readlink -f "$library")" "$root$library"
done
mkdir -p "$root/etc"
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >"$root/etc/passwd"

container=$(buildah from scratch)
trap 'rm -rf "$root"; buildah rm "$container" >/dev/null' EXIT
buildah copy --quiet "$container" "$root" / >/dev/null
buildah config --user 65532:65532 "$container"
buildah commit --quiet --timestamp 0 "$container" "$tag"
