#!/usr/bin/env bash
# Packages the chart with the image that it runs, pushes it and prints its name and digest:
# release/chart.sh IMAGE@sha256:… VERSION oci://REGISTRY/FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

repository=${1%@*} digest=${1#*@} version=$2 target=$3
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "chart.sh: $1 is no digest, and a tag can be moved" >&2; exit 2; }
flags=()
[[ ! $target =~ ^oci://(localhost|127\.) ]] || flags+=(--plain-http)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r charts/asset-inventory "$folder"
sed -i -E "/^image:/,/^[^ ]/ { s|^  repository: .*|  repository: $repository|; s|^  digest: .*|  digest: \"$digest\"| }" \
  "$folder/asset-inventory/values.yaml"
grep -qx "  repository: $repository" "$folder/asset-inventory/values.yaml"
grep -qx "  digest: \"$digest\"" "$folder/asset-inventory/values.yaml"

helm package --version "$version" --app-version "$version" --destination "$folder" "$folder/asset-inventory" >&2

# The same bytes from the same commit: Helm writes when it packaged, and pushes when the file was made.
package=$folder/asset-inventory-$version.tgz time=@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
mkdir "$folder/packaged"
tar -xzf "$package" -C "$folder/packaged"
tar -cf - --sort=name --mtime="$time" --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w,go-w -C "$folder/packaged" asset-inventory |
  gzip -n >"$package"
touch --date="$time" "$package"

pushed=$(helm push "${flags[@]}" "$package" "$target" 2>&1) || { echo "$pushed" >&2; exit 1; }
echo "$pushed" >&2
[[ $pushed =~ Digest:\ (sha256:[0-9a-f]{64}) ]]
echo "${target#oci://}/asset-inventory@${BASH_REMATCH[1]}"
