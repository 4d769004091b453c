# Short names for the npm scripts; everything works without make as well.
.PHONY: dev test check verify bench build image e2e validate-contracts

# Installs what the lock file says, only when it changed.
node_modules/.package-lock.json: package-lock.json
	npm ci
	@touch $@

dev: node_modules/.package-lock.json
	npm run -s dev

# Always from a clean installation, as CI does; the last line counts the test cases.
test:
	npm ci
	npm test

check: node_modules/.package-lock.json
	npm run -s check

verify: node_modules/.package-lock.json
	npm run -s verify

bench: node_modules/.package-lock.json
	npm run -s bench

build: node_modules/.package-lock.json
	npm run -s build

# On a real cluster, as root; its first build takes ten minutes.
e2e: node_modules/.package-lock.json
	npm run -s e2e

# With buildah or docker; BASE=… names another base than distroless.
image: node_modules/.package-lock.json
	./image.sh

validate-contracts: node_modules/.package-lock.json
	npm run -s validate-contracts
