#!/usr/bin/env bash
# Installs the pinned tools that the checks need beside npm, once, and prints the PATH to use: eval "$(verify/tools.sh)".
# Each Python tool gets a virtual environment of its own below $INVENTORY_TOOLS (~/.cache/asset-inventory-tools).
set -euo pipefail

cache=${INVENTORY_TOOLS:-$HOME/.cache/asset-inventory-tools}
bin=$cache/bin

# name        requirement           version
table='
moto_server   moto[server]          5.2.5
schemathesis  schemathesis          4.32.5
'

# A tool counts as installed only when its whole installation has ended: an interrupted one starts again.
install_pip() { # name requirement version
  local home=$cache/py/$1-$3
  if [[ ! -e $home/installed ]]; then
    rm -rf "$home"
    python3 -m venv "$home" &&
      "$home/bin/pip" install -q --disable-pip-version-check "$2==$3" &&
      touch "$home/installed" || return 1
  fi
  ln -sfn "$home/bin/$1" "$bin/$1"
}

mkdir -p "$bin" "$cache/py"
failed=0
while read -r name requirement version; do
  [[ -n $name ]] || continue
  install_pip "$name" "$requirement" "$version" >&2 || { echo "SKIPPED $name $version could not be installed" >&2; failed=1; }
done <<<"$table"
echo "export PATH=$bin:\$PATH"
exit "$failed"
