# Dayline: `make` prints what can be made. Everything built lands in .build/, everything `make run` keeps in .run/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= 0.1.0-dev
BUILT   ?= $(shell git log -1 --format=%cI 2>/dev/null)
MODULE  := github.com/dayline-project/dayline
LDFLAGS := -X $(MODULE)/shared/buildinfo.Version=$(VERSION) -X $(MODULE)/shared/buildinfo.Built=$(BUILT)
B       := .build
APP     := collector/web/app

# The key whose browser extension what is built believes; for builds that others are given, one of `mkinstaller extension-key`
# that is kept off-line, or its public half. EXTENSION_STORE_IDS: what stores call their listings of it, with commas between.
EXTENSION_KEY       ?= $(B)/extension-key.pem
EXTENSION_STORE_IDS ?=
# The newest file of keys that releases are trusted by, of `dayline-collector release keygen`; what is built without trusts none.
RELEASE_KEYS        ?=
# The oldest version that may become the one that is made, by an update of its own; empty: any.
MIN_VERSION         ?=
BELIEVED            := -extension-key '$(EXTENSION_KEY)' -store-ids '$(EXTENSION_STORE_IDS)' -release-keys '$(RELEASE_KEYS)'

# The tools, pinned. A change here makes them anew.
BUF            := github.com/bufbuild/buf/cmd/buf@v1.75.0
PROTOC_GO      := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
PROTOC_CONNECT := connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.21.1
STATICCHECK    := honnef.co/go/tools/cmd/staticcheck@v0.8.2
TOOLS          := $(BUF) $(PROTOC_GO) $(PROTOC_CONNECT) $(STATICCHECK)

# Where many goroutines share state: these tests run under the race detector, which makes them several times slower. What is
# pure has nothing to race with.
RACE := ./agent/internal/buffer/... ./agent/internal/session/... ./agent/internal/service/... \
        ./collector/ingest/... ./collector/config/... ./collector/access/... ./collector/retention/...

.PHONY: help setup tools pages build installers extension run sample screenshots test lint cross generated generate e2e bench soak clean

help: ## what can be made
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13 | sort

setup: ## install what is missing on this machine (as root), or say the one command that does
	@test/house/setup

tools: $(B)/tools
$(B)/tools: Makefile
	@mkdir -p $(B)/bin
	@[ "$$(cat $@ 2>/dev/null)" = "$(TOOLS)" ] || for t in $(TOOLS); do echo "go install $$t"; GOBIN=$(CURDIR)/$(B)/bin go install $$t; done
	@echo "$(TOOLS)" > $@

# Packages of the pages, as the lock file says.
$(APP)/node_modules/.installed: $(APP)/package-lock.json | setup
	cd $(APP) && npm ci --no-progress
	@touch $@

# The folders are named too: their times tell that a file was removed.
pages: collector/web/dist/index.html ## what browsers see, into collector/web/dist/, which the collector embeds
collector/web/dist/index.html: $(APP)/node_modules/.installed $(shell find $(APP) -name node_modules -prune -o -path $(APP)/test -prune -o -print)
	@find collector/web/dist -mindepth 1 ! -name .gitignore -delete
	cd $(APP) && npm run --silent build -- --logLevel warn

# A development key: nobody else has it, and nobody else's programs believe it.
$(B)/extension-key.pem:
	@mkdir -p $(B)
	@go run ./installer/cmd/mkinstaller extension-key -out $@

build: pages $(EXTENSION_KEY) ## dayline-agent and dayline-collector, into .build/
	@mkdir -p $(B)
	@believed=$$(go run ./installer/cmd/mkinstaller link-flags $(BELIEVED)); set -x; \
	CGO_ENABLED=0 go build -trimpath -gcflags=google.golang.org/protobuf/...=-l -gcflags=crypto/...=-l -gcflags=net/...=-l -gcflags=encoding/...=-l -ldflags "-s -w -funcalign=16 $(LDFLAGS) $$believed" -o $(B)/ ./agent/cmd/dayline-agent; \
	go build -trimpath -ldflags "$(LDFLAGS) $$believed" -o $(B)/ ./collector/cmd/dayline-collector

installers: $(EXTENSION_KEY) ## the packages that install the agent, and release.json that lists them, into .build/installers/; VERSION=1.2.3 names them, RELEASE_KEYS=FILE are those they trust, SIGN=FILE.p12 signs Dayline.app, SIGN_PKG=FILE.p12 its .pkg, SIGN_MSI=FILE.p12 what is for Windows
	@for arch in amd64 arm64; do go run ./installer/cmd/mkinstaller msi -version '$(VERSION)' -built '$(BUILT)' -arch $$arch $(BELIEVED) -to $(B)/installers $(if $(SIGN_MSI),-sign '$(SIGN_MSI)' -timestamp '$(TIMESTAMP)'); done
	@for arch in amd64 arm64; do go run ./installer/cmd/mkinstaller linux -version '$(VERSION)' -built '$(BUILT)' -arch $$arch $(BELIEVED) -to $(B)/installers; done
	@go run ./installer/cmd/mkinstaller app -version '$(VERSION)' -built '$(BUILT)' $(BELIEVED) -to $(B)/installers $(if $(SIGN),-sign '$(SIGN)') $(if $(SIGN_PKG),-sign-package '$(SIGN_PKG)')
	@go run ./installer/cmd/mkinstaller manifest -version '$(VERSION)' -built '$(BUILT)' -min-version '$(MIN_VERSION)' -to $(B)/installers

extension: $(EXTENSION_KEY) ## the browser extension, packed and signed by EXTENSION_KEY, into .build/extension/; XPI=FILE is what Mozilla signed of it
	@go run ./installer/cmd/mkinstaller extension -key '$(EXTENSION_KEY)' -version '$(VERSION)' -built '$(BUILT)' -unpacked $(B)/extension-unpacked -to $(B)/extension $(if $(XPI),-xpi '$(XPI)')

run: build ## collector and agent on this desktop, or on a virtual one that is driven; SECONDS=60 ends by itself
	@go build -o $(B)/dayline-run ./test/run
	@exec $(B)/dayline-run -bin $(B) -state .run $(if $(filter command,$(origin SECONDS)),-for $(SECONDS)s)

sample: pages ## the pages with six weeks of an invented studio, on http://127.0.0.1:8444
	@go run ./test/sample

screenshots: pages ## docs/screenshots, as the pages look now
	@go run ./test/sample -web '' -- npm --silent --prefix $(APP) run screenshots -- $(CURDIR)/docs/screenshots

# The end-to-end tests mostly wait (a real idle stretch is two minutes), so the checks run beside them, nicely.
test: pages tools ## everything that has to hold before a change is kept
	@RACE="$(RACE)" test/house/test

lint: tools $(APP)/node_modules/.installed ## gofmt, vet, staticcheck; of the pages svelte-check, tsc and their unit tests
	@test/house/lint

cross: ## vet and build agent and shared, tests too, for every system and processor served
	@test/house/cross

generated: tools $(APP)/node_modules/.installed ## is the generated code what the contract says?
	@test/house/generated

generate: tools $(APP)/node_modules/.installed ## generated code from the contract
	cd shared/proto && PATH=$(CURDIR)/$(B)/bin:$$PATH buf generate
	cd $(APP) && PATH=$(CURDIR)/$(B)/bin:$$PATH buf generate

e2e: pages ## only the tests that cross rooms: real desktop, faults
	go test -count=1 ./test/...

bench: pages ## every figure of the targets, as a table: target, measured, cores
	@go run ./test/bench

soak: pages ## the fault tests many times; DAYLINE_SOAK=1000 by default
	DAYLINE_SOAK=$${DAYLINE_SOAK:-1000} go test -count=1 -timeout 24h ./shared/... ./agent/... ./collector/... ./test/...

clean: ## remove what was built; .run/ (the state of `make run`) stays
	rm -rf $(B) $(APP)/node_modules
	@find collector/web/dist -mindepth 1 ! -name .gitignore -delete
