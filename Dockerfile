# One image for every component; the command says which: `serve api`, `collect aws`, `prune`, `migrate`.
# Build it with `make image`, which installs the locked packages first: nothing is fetched in here but the base.

# checkov:skip=CKV_DOCKER_2: Kubernetes probes the services by HTTP, and the other commands end; no shell is there to probe with
# checkov:skip=CKV_DOCKER_7: the base is the argument below; a release pins it by digest

# Node and what it is linked against. No shell, no package manager. A release pins it by digest.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot
# The same for the platform that builds, where the image is for another.
ARG BUNDLER=${BASE}

# Bundled by the Node that will run it; the sources are mounted, so no layer ever holds them. This runs where it is built, whatever
# platform the image is for, and nothing runs below: no emulation.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${BUNDLER} AS bundle
ARG SOURCE_DATE_EPOCH
USER 0:0
RUN --mount=type=bind,source=.,target=/src ["/nodejs/bin/node", "/src/build.ts", "--outdir=/bundle"]

FROM ${BASE}
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="asset-inventory" \
      org.opencontainers.image.description="Knows which cloud accounts you own, and can prove every row" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# Owned by root and writable by nobody: the program cannot change itself, even where its file system is not mounted read-only.
COPY --from=bundle --chown=0:0 --chmod=0555 /bundle /app
COPY --chown=0:0 --chmod=0444 LICENSE /app/LICENSE
# A number: Kubernetes cannot prove that a name is not root.
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["/nodejs/bin/node", "/app/cli/main.mjs"]
CMD ["--help"]
