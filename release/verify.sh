#!/usr/bin/env bash
# Fails unless this very digest is signed by whom we mean, and its bill of materials, where one is given, is stated by them too:
# release/verify.sh NAME@sha256:… [SBOM]. Whom: IDENTITY as ISSUER knows it, in full; with VERIFYING_KEY the holder of its pair.
set -euo pipefail

reference=$1 sbom=${2:-}
[[ $reference =~ @sha256:[0-9a-f]{64}$ ]] || { echo "verify.sh: $reference is no digest, and a tag can be moved" >&2; exit 2; }

if [[ -n ${VERIFYING_KEY:-} ]]; then
  who=(--key "$VERIFYING_KEY" --insecure-ignore-tlog)
else
  who=(--certificate-identity "${IDENTITY:?}" --certificate-oidc-issuer "${ISSUER:?}")
fi
cosign verify "${who[@]}" "$reference" >/dev/null
[[ -z $sbom ]] || cosign verify-attestation "${who[@]}" --type cyclonedx "$reference" | node "$(dirname "$0")/states.ts" "$sbom"
