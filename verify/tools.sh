#!/usr/bin/env bash
# Installs the pinned tools that the checks need beside npm, once, and prints the PATH to use: eval "$(verify/tools.sh)".
# With names, only those: verify/tools.sh helm buildah. A version with a ~ is installed only for who names it: it takes long to build.
# Below $INVENTORY_TOOLS (~/.cache/asset-inventory-tools) each Python tool gets a virtual environment of its own, each Go tool is
# built from its module, each package of npm gets a folder, files of a Go module are copied, and programs of Debian that need nothing else are unpacked, so that
# no service is started. Those with libraries of the system are installed for the whole machine, where we may: as root, or in CI by sudo.
set -euo pipefail

cache=${INVENTORY_TOOLS:-$HOME/.cache/asset-inventory-tools}
bin=$cache/bin

# name        kind  package or module                        version
table='
moto_server   pip   moto[server]                             5.2.5
schemathesis  pip   schemathesis                             4.32.5
zizmor        pip   zizmor                                   1.32.0
actionlint    go    github.com/rhysd/actionlint/cmd/actionlint  v1.7.12
prometheus    deb   prometheus                               -
promtool      deb   prometheus                               -
opa           go    github.com/open-policy-agent/opa         v1.22.2
conftest      go    github.com/open-policy-agent/conftest    v0.71.1
gator         go    github.com/open-policy-agent/gatekeeper/v3/cmd/gator  v3.23.1
checkov       pip   checkov                                  3.3.30
mkdocs        pip   mkdocs-techdocs-core                     1.7.1
cosign        go    github.com/sigstore/cosign/v3/cmd/cosign ~v3.1.3
oidc-provider npm   oidc-provider                            9.13.3
argo-cd-crds  files github.com/argoproj/argo-cd/v3:manifests/crds  v3.5.7
cyclonedx-esbuild npm @cyclonedx/cyclonedx-esbuild        1.4.4
apache2       apt   apache2-bin,libapache2-mod-auth-openidc  -
helm          go    helm.sh/helm/v3/cmd/helm                 v3.22.0
kube-score    go    github.com/zegl/kube-score/cmd/kube-score   v1.20.0
buildah       apt   buildah,runc,ca-certificates             -
podman        apt   podman,runc,ca-certificates              -
docker-registry deb docker-registry                        ~-
'

# Nobody's own machine is changed behind their back: only CI takes a right that it was not started with.
as_root() { # command…
  if [[ $(id -u) -eq 0 ]]; then "$@"; elif [[ -n ${CI:-} ]]; then sudo -n "$@"; else return 1; fi
}

# A tool counts as installed only when its whole installation has ended: an interrupted one starts again.
install_pip() { # name package version
  local home=$cache/py/$1-$3
  if [[ ! -e $home/installed ]]; then
    rm -rf "$home"
    python3 -m venv "$home" &&
      "$home/bin/pip" install -q --disable-pip-version-check "$2==$3" &&
      touch "$home/installed" || return 1
  fi
  ln -sfn "$home/bin/$1" "$bin/$1"
}

# `go install` moves the program into its folder when it is whole.
install_go() { # name module version
  local home=$cache/go/$1-$3
  if [[ ! -x $home/$1 ]]; then
    GOBIN=$home CGO_ENABLED=0 GOFLAGS=-trimpath go install "$2@$3" || return 1
  fi
  ln -sfn "$home/$1" "$bin/$1"
}

# The distribution's own version, unless there is one already. apt's lists may be absent or stale.
install_deb() { # name package
  local home=$cache/apt/$1 found
  # Ours apart, wherever it is in the PATH: a link to itself leads nowhere.
  found=$(PATH=$(tr : '\n' <<<"$PATH" | grep -vxF "$bin" | paste -sd:) && command -v "$1") && ln -sfn "$found" "$bin/$1" && return
  if [[ ! -e $home/installed ]]; then
    rm -rf "$home"
    mkdir -p "$home"
    (cd "$home" && { apt-get -q download "$2" || { as_root apt-get -q update && apt-get -q download "$2"; }; }) &&
      dpkg-deb -x "$home"/*.deb "$home" &&
      touch "$home/installed" || return 1
  fi
  ln -sfn "$home/usr/bin/$1" "$bin/$1"
}

# A library has no program: the checks import it from the folder that $INVENTORY_NPM_TOOLS leads to.
install_npm() { # name package version
  local home=$cache/npm/$1-$3
  if [[ ! -e $home/installed ]]; then
    rm -rf "$home"
    npm install --silent --ignore-scripts --no-audit --no-fund --save-exact --prefix "$home" "$2@$3" &&
      touch "$home/installed" || return 1
  fi
  ln -sfn "$home/node_modules/$2" "$cache/npm/$1"
}

# A folder of a Go module, from which nothing is built: the checks read it where $INVENTORY_FILES leads to.
install_files() { # name module:folder version
  local home=$cache/files/$1-$3 module
  if [[ ! -e $home/installed ]]; then
    rm -rf "$home"
    module=$(go mod download -json "${2%%:*}@$3" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') && [[ -n $module ]] &&
      cp -r --no-preserve=mode "$module/${2#*:}" "$home" &&
      touch "$home/installed" || return 1
  fi
  ln -sfn "$home" "$cache/files/$1"
}

# Whatever version the distribution has, for the whole machine: these are programs of the system, with its runtimes and its configuration.
install_apt() { # name packages,separated,by,commas
  local packages modules
  IFS=, read -ra packages <<<"$2"
  # The program may be there without its modules, which no PATH leads to.
  modules=$(printf '%s\n' "${packages[@]}" | grep '^lib' || true)
  PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && { [[ -z $modules ]] || dpkg --status $modules >/dev/null 2>&1; } && return
  as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
}

mkdir -p "$bin" "$cache/py" "$cache/go" "$cache/npm" "$cache/files"
failed=0
while read -r name kind source version; do
  [[ -n $name && (" $* " == *" $name "* || ($# -eq 0 && $version != "~"*)) ]] || continue
  version=${version#\~}
  "install_$kind" "$name" "$source" "$version" >&2 || { echo "SKIPPED $name $version could not be installed" >&2; failed=1; }
done <<<"$table"
echo "export PATH=$bin:\$PATH:/usr/sbin INVENTORY_NPM_TOOLS=$cache/npm INVENTORY_FILES=$cache/files"
exit "$failed"
