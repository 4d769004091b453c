#!/usr/bin/env bash
# Builds the image with buildah or docker, the same bytes from the same commit: ./image.sh [tag]
# BASE is another base, BUNDLER the same for this machine where the image is for another, BUILDER the program, BUILD_FLAGS more of its flags.
set -euo pipefail
cd "$(dirname "$0")"

tag=${1:-asset-inventory:dev}
builder=${BUILDER:-$(command -v buildah || command -v docker || true)}
[[ -n $builder ]] || { echo 'image.sh: install buildah or docker' >&2; exit 1; }

version=$(sed -nE 's/^  "version": "(.*)",$/\1/p' package.json)
revision=${REVISION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
# Files and image bear the commit's time, not the build's.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

arguments=(--build-arg SOURCE_DATE_EPOCH --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE=${SOURCE:-}" --tag "$tag")
[[ -z ${BASE:-} ]] || arguments+=(--build-arg "BASE=$BASE" --build-arg "BUNDLER=${BUNDLER:-$BASE}")
read -ra flags <<<"${BUILD_FLAGS:-}"
case ${builder##*/} in
  buildah) "$builder" build --timestamp "$SOURCE_DATE_EPOCH" --identity-label=false "${flags[@]}" "${arguments[@]}" . ;;
  *) DOCKER_BUILDKIT=1 "$builder" build "${flags[@]}" "${arguments[@]}" . ;;
esac
