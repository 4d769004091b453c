#!/usr/bin/env bash
# Builds the image for each architecture into an OCI archive of its own and pushes nothing: release/build.sh FOLDER ARCHITECTURE…
# Beside them it puts asset-inventory.cdx.json, the bill of materials that every one of them carries. BASE is another base.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
shift
mkdir -p "$folder"
sbom=$folder/asset-inventory.cdx.json
rm -f "$sbom"

base=${BASE:-$(sed -n 's/^ARG BASE=//p' Dockerfile)}
# By its id: of a name that stands for several platforms, builders may take the one that they already have.
pull() { buildah pull --quiet --policy missing --platform "linux/$1" "$base"; }
native=$(pull "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')")

# What `file` would say of a program: 3e is amd64, b7 arm64.
machine_of() { od -An -tx1 -j18 -N1 "$1" | tr -d ' ' | sed 's/3e/amd64/; s/b7/arm64/'; }

for architecture in "$@"; do
  tag=localhost/asset-inventory:release-$architecture
  archive=$folder/image-$architecture.tar
  id=$(pull "$architecture")
  echo "base of $architecture: $base $(buildah inspect --type image --format '{{.FromImageDigest}}' "$id")" >&2
  BASE=$id BUNDLER=$native BUILDER=buildah BUILD_FLAGS="--platform linux/$architecture ${BUILD_FLAGS:-}" ./image.sh "$tag" >&2
  rm -f "$archive"
  buildah push --quiet --format oci "$tag" "oci-archive:$archive"

  # Out of the archive, not of the build: what is stated of an image is what is in it.
  container=$(podman create --quiet --platform "linux/$architecture" "oci-archive:$archive")
  for path in app/asset-inventory.cdx.json nodejs/bin/node; do
    podman cp "$container:/$path" "$folder/${path##*/}.$architecture" || { podman rm "$container" >/dev/null; exit 1; }
  done
  podman rm "$container" >/dev/null

  node=$folder/node.$architecture
  [[ $(machine_of "$node") == "$architecture" ]] || { echo "build.sh: the Node of $archive is of $(machine_of "$node")" >&2; exit 1; }
  [[ -e $sbom ]] || cp "$sbom.$architecture" "$sbom"
  cmp "$sbom" "$sbom.$architecture" >&2
  rm -f "$sbom.$architecture" "$node"
done
