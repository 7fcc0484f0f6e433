# make without a target lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

BIN := bin/tenantry
# tools.mod pins the versions of the tools. Without cgo they are the same on every machine.
TOOL := CGO_ENABLED=0 go tool -modfile=tools.mod
CLIENT := --prefix gen/typescript --silent
SERVERS := go run ./internal/tools/testservers --
# Packages that the race detector leaves out. They compute on memory that isn't shared: SQLite (C
# translated to Go), ciphers and regular expressions. Checking them would take half of the processor
# time of many tests. The many pointers to C memory in SQLite's driver aren't checked either.
UNCHECKED := modernc.org/libc/... modernc.org/sqlite/lib golang.org/x/crypto/blowfish crypto/internal/fips140/... regexp/...
RACE := -race $(UNCHECKED:%=-gcflags=%=-race=false) -gcflags=modernc.org/sqlite=-d=checkptr=0

# Tests use more memory to save processor time, and don't wait a second at their end for reports of
# the race detector. One more package than there are processors runs at a time, because tests wait
# for databases.
FASTER := GOGC=400 GORACE=atexit_sleep_ms=50
PARALLEL := -p $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# These tests take longest. They start first, so that processors aren't idle at the end.
LONGEST := ./cmd/tenantry $(addprefix ./internal/,httpapi app scale store proptest galera pages seed faults clienttest)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

.PHONY: run
run: build ## Build and serve the demo on http://localhost:8000 (SQLite in data/, nothing to set up)
	@$(BIN) serve --demo

.PHONY: build
build: ## Build the static binary bin/tenantry
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o $(BIN) ./cmd/tenantry

.PHONY: test
test: ## Test everything with real PostgreSQL, MariaDB, SQLite, Redis and Chromium (installs what is missing)
	$(FASTER) $(SERVERS) go test $(RACE) $(PARALLEL) -ldflags='-s -w' -timeout 30m $(LONGEST) ./...

.PHONY: check
check: ## Check the changes since HEAD in a minute: vet, linters, tests on SQLite (BASE=main: since another commit)
	@go run ./internal/tools/check -base $(or $(BASE),HEAD)

.PHONY: bench
bench: ## Compare the performance with a bare handler on a private PostgreSQL (installs what is missing)
	go run ./internal/tools/bench

.PHONY: scale
scale: ## Fill a PostgreSQL with 10,000,000 companies and 20,000,000 audit entries and measure each list (an hour, 30 GB; see docs/adr/0014-flat-cost.md)
	$(SERVERS) go test -run '^$$' -bench 'PlansAreTheSame|FlatCost' -benchtime 1x -timeout 6h ./internal/scale

.PHONY: soak
soak: ## Send mixed traffic for half an hour and check that memory doesn't grow
	go run ./internal/tools/bench -soak 30m

.PHONY: generate
generate: ## Regenerate openapi/openapi.yaml and gen/ from openapi/ and sql/
	go run ./internal/tools/bundle
	go run ./internal/tools/storegen migrations
	go run ./internal/tools/resourcegen
	go run ./internal/tools/storegen queries
	rm -f gen/db/*/*.sql.go
	$(TOOL) sqlc generate
	go run ./internal/tools/storegen querier
	$(TOOL) oapi-codegen --config oapi-codegen.yaml openapi/openapi.yaml
	go run ./internal/tools/contractgen
	npm ci $(CLIENT) --ignore-scripts --no-audit --no-fund
	npm run $(CLIENT) generate

.PHONY: resource
resource: ## Write the files of a new resource from its description: make resource SPEC=project.yaml
	@go run ./internal/tools/scaffold $(SPEC)

.PHONY: lint
lint: ## Lint the Go code, the TypeScript and the OpenAPI document
	$(TOOL) golangci-lint run ./...
	npm ci --prefix openapi --silent --no-audit --no-fund
	REDOCLY_TELEMETRY=off npm run --prefix openapi --silent lint
	npm ci $(CLIENT) --ignore-scripts --no-audit --no-fund
	npm run $(CLIENT) lint

.PHONY: format
format: ## Format the Go code
	$(TOOL) golangci-lint fmt ./...

.PHONY: verify
verify: ## Check that gen/ is up to date, queries, compatibility of the document, a release, and run all linters
	./internal/tools/verify-generated.sh
	./internal/tools/verify-contract.sh
	./internal/tools/verify-release.sh
	$(MAKE) --no-print-directory lint
	go mod verify

.PHONY: release
release: ## Build the files of a release in dist/ (see docs/releasing.md)
	rm -rf dist
	./internal/tools/release.sh dist

.PHONY: release-document
release-document: ## Save the document as the released one, for compatibility checks (part of each release)
	cp openapi/openapi.yaml openapi/released/openapi.yaml

.PHONY: clean
clean: ## Remove build output (not the data)
	rm -rf bin dist openapi/node_modules gen/typescript/{node_modules,dist,build} docs/react/{node_modules,dist}
