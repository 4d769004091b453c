#!/usr/bin/env bash
# Signs what is in a registry, and states its bill of materials where one is given: release/sign.sh NAME@sha256:… [SBOM]
# Who signs: the workflow that runs this, by its token (keyless); with SIGNING_KEY the holder of that key, and nothing is logged.
set -euo pipefail

reference=$1 sbom=${2:-}
[[ $reference =~ @sha256:[0-9a-f]{64}$ ]] || { echo "sign.sh: $reference is no digest, and a tag can be moved" >&2; exit 2; }

who=(--yes)
[[ -z ${SIGNING_KEY:-} ]] || who+=(--key "$SIGNING_KEY" --tlog-upload=false --use-signing-config=false)
cosign sign "${who[@]}" "$reference"
[[ -z $sbom ]] || cosign attest "${who[@]}" --type cyclonedx --predicate "$sbom" "$reference"
