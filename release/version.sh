#!/usr/bin/env bash
# Fails unless a tag names the version that package and chart are of: release/version.sh v1.2.3
set -euo pipefail
cd "$(dirname "$0")/.."

product=$(sed -nE 's/^  "version": "(.*)",$/\1/p' package.json)
for version in "$product" $(sed -nE 's/^(version|appVersion): //p' charts/asset-inventory/Chart.yaml); do
  [[ $1 == "v$version" ]] || { echo "version.sh: the tag is $1, package.json or Chart.yaml says $version" >&2; exit 1; }
done
