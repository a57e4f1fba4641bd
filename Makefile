# Two commands do everything on a fresh machine that has Go and make: `make demo` and `make test`.

SHELL := /usr/bin/env bash -o pipefail
.DEFAULT_GOAL := help

VERSION ?= 0.1.0-dev
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
BIN     := bin

# Tools are pinned in a go.mod of their own each, away from the product's.
tool = go -C test/tools/$(1) build -o "$(CURDIR)/$(BIN)/$(1)" $(2)

STAY ?=

##@ Try it

.PHONY: demo
demo: build ## Tell the story in the terminal, on an embedded control plane (STAY=1 leaves it running to play with)
	@go run ./test/demo -operator $(BIN)/zen-lead $(if $(filter-out 0,$(STAY)),-stay)

.PHONY: controlplane
controlplane: ## Run the embedded control plane alone until Ctrl-C; prints its KUBECONFIG
	@go run ./test/controlplane/cmd/controlplane

##@ A real cluster on this machine (root)

.PHONY: cluster-up
cluster-up: cluster-tools ## Start a real three-node cluster, with its data and kubeconfig in .cluster/ (starts only what does not run)
	@$(BIN)/cluster up

.PHONY: cluster-down
cluster-down: cluster-tools ## End it, whatever state it is in, and leave nothing behind
	@$(BIN)/cluster down

.PHONY: cluster-status
cluster-status: cluster-tools ## Show what of it runs
	@$(BIN)/cluster status

.PHONY: cluster-tools
cluster-tools: $(BIN)/image
	@CGO_ENABLED=0 go build -o $(BIN)/cluster ./test/cluster/cmd/cluster
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(BIN)/pause ./test/cluster/pause

.PHONY: e2e
e2e: $(BIN)/image $(BIN)/bundle $(BIN)/helm ## Run the e2e suite on our own cluster, or on that of KUBECONFIG (IMAGE, APP_IMAGE: the images there)
	@test/e2e/former.sh
	@HELM="$(CURDIR)/$(BIN)/helm" test/cluster/on-cluster.sh go test -v -count=1 -timeout 45m ./test/e2e -args -ginkgo.no-color -ginkgo.v $(GINKGO)

.PHONY: monitoring-test
monitoring-test: $(BIN)/image ## Fire every alert by a real cause, with prometheus-operator, Prometheus and Alertmanager on our own cluster (10 minutes)
	@test/monitoring/images.sh
	@KUBECONFIG= test/cluster/on-cluster.sh go test -v -count=1 -timeout 45m ./test/monitoring -args -ginkgo.no-color -ginkgo.v $(GINKGO)

.PHONY: olm-test
olm-test: $(BIN)/image $(BIN)/bundle ## Have OLM's own programs install, upgrade and remove the operator on our own cluster (25 minutes)
	@test/olm/images.sh
	@test/monitoring/images.sh
	@KUBECONFIG= test/cluster/on-cluster.sh go test -v -count=1 -timeout 90m ./test/olm -args -ginkgo.no-color -ginkgo.v $(GINKGO)

.PHONY: dashboard-pictures
dashboard-pictures: ## The same, and draw the dashboards from it into bin/pictures (needs chromium); docs/overview.png is such a picture
	@PICTURES=bin/pictures $(MAKE) --no-print-directory monitoring-test

.PHONY: dashboard-schema
dashboard-schema: ## Check the dashboards against the newest schema of Grafana (npm)
	@cd test/tools/dashboard-schema && npm ci --silent && node check.mjs

TRAFFIC_RESULTS := docs/measurements/traffic.json

.PHONY: bench-traffic
bench-traffic: ## Measure what clients see when a leader fails (25 minutes), on the same; CASES=a,b and ROUNDS=n for less
	@mkdir -p $(dir $(TRAFFIC_RESULTS))
	@test/cluster/on-cluster.sh test/traffic/run.sh -output "$(if $(ROUNDS),,$(TRAFFIC_RESULTS))" -cases "$(CASES)" -rounds $(or $(ROUNDS),0)

##@ How fast

PERFORMANCE_RESULTS := docs/measurements/performance.json
BENCH = go run ./test/bench/cmd/bench -operator $(BIN)/zen-lead

.PHONY: bench
bench: build ## Measure failovers beside the built-in controller, and what the operator costs (30 minutes); CASES=a,b and ROUNDS=n for less
	@echo "$(if $(ROUNDS),No results are kept of a run with ROUNDS.,Results are kept in $(PERFORMANCE_RESULTS); docs/performance.md is made from it by 'make generate'.)"
	@$(BENCH) -output "$(if $(ROUNDS),,$(PERFORMANCE_RESULTS))" -cases "$(CASES)" -rounds $(or $(ROUNDS),0)

.PHONY: bench-short
bench-short: build ## A few of these cases in a minute, to see that the benchmark works; no bar is judged
	@$(BENCH) -short

##@ Build

.PHONY: build
build: ## Build the operator into bin/
	@echo "Building the operator$(if $(wildcard $(BIN)/zen-lead),, (the first time fetches and compiles its modules: a few minutes))..."
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN)/zen-lead ./cmd/zen-lead

.PHONY: plugin
plugin: ## Build kubectl's plugin into bin/; with bin/ on the PATH it is `kubectl zen-lead`
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN)/kubectl-zen_lead$(if $(filter windows,$(GOOS)),.exe) ./cmd/kubectl-zen_lead

.PHONY: image
image: $(BIN)/image ## Make the operator's image for all platforms as Dockerfile does, without a daemon, into bin/images/zen-lead (VERSION)
	@for architecture in amd64 arm64; do \
	  GOOS=linux GOARCH=$$architecture $(MAKE) --no-print-directory build BIN=$(BIN)/linux-$$architecture || exit; done
	@test/tools/release/operator-image.sh "$(VERSION)" "$(COMMIT)" "$(BIN)/linux-{arch}/zen-lead" "zen-lead:$(VERSION)" $(BIN)/images/zen-lead

.PHONY: images
images: build $(BIN)/image ## Make the images of the operator and of the test application, without a daemon, into bin/images
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(BIN)/traffic ./test/traffic/app
	@mkdir -p $(BIN)/images
	@$(BIN)/image -tag zen-lead:dev -entrypoint /zen-lead -output $(BIN)/images/zen-lead.tar $(BIN)/zen-lead=/zen-lead
	@$(BIN)/image -tag traffic:dev -entrypoint /traffic -output $(BIN)/images/traffic.tar $(BIN)/traffic=/traffic

.PHONY: krew
krew: $(BIN)/krewarchives ## Make the plugin's archives for all platforms, and krew's manifest, into bin/krew (VERSION)
	@export GOTOOLCHAIN=$${GOTOOLCHAIN:-$$(test/tools/release/toolchain.sh)}; for platform in {linux,darwin,windows}-{amd64,arm64}; do \
	  GOOS=$${platform%-*} GOARCH=$${platform#*-} $(MAKE) --no-print-directory plugin BIN=$(BIN)/krew/$$platform || exit; done
	@$(BIN)/krewarchives -version "$(VERSION)" -binaries '$(BIN)/krew/{os}-{arch}/kubectl-zen_lead{exe}' -output $(BIN)/krew
	@cd $(BIN)/krew && sha256sum *_v$(VERSION)_*.tar.gz zen-lead.yaml

NOTICES := THIRD-PARTY-NOTICES.txt
.PHONY: generate
generate: $(BIN)/components ## Make everything that is generated: config/rbac, rules and dashboards, the chart's files, notices, and what docs take from code and measurements
	@go run ./docs/generate
	@go run ./monitoring/generate -chart charts/zen-lead/files/monitoring
	@go run ./controllers/rights/generate
	@$(BIN)/components notices >$(NOTICES)

##@ Ship it

.PHONY: bundle
bundle: $(BIN)/bundle ## Make the OLM bundles of the newest release from config/, and have them judged as OperatorHub does
	@$(BIN)/bundle generate
	@$(BIN)/bundle validate bundle/prometheus bundle/core

.PHONY: catalog
catalog: $(BIN)/bundle $(BIN)/image $(BIN)/registry ## Make the OLM catalog of all releases, and its image with a cache, with opm
	@test/tools/release/catalog.sh $(BIN)/release/$$($(BIN)/bundle show version)

.PHONY: chart
chart: $(BIN)/helm ## Package the Helm chart into bin/zen-lead-VERSION.tgz (VERSION: its own and its image's)
	@$(BIN)/helm package charts/zen-lead --version "$(VERSION)" --app-version "$(VERSION)" --destination $(BIN)

# VERSION has a default, which is not a release's.
GIVEN_VERSION = $(if $(filter command line environment,$(origin VERSION)),$(VERSION))
.PHONY: release-version release-verify-version
release-version release-verify-version:
	@test/tools/release/version.sh $(@:-version=) "$(GIVEN_VERSION)"

.PHONY: release
release: release-version $(BIN)/bundle $(BIN)/image $(BIN)/components $(BIN)/govulncheck ## Make all that release VERSION=x.y.z needs, of HEAD, into bin/release; AGAIN=1 replaces the newest; see test/tools/release
	@test/tools/release/release.sh "$(GIVEN_VERSION)" $(if $(AGAIN),again)

.PHONY: release-verify
release-verify: release-verify-version $(BIN)/bundle $(BIN)/image ## Build the released VERSION=x.y.z again and compare digests
	@test/tools/release/verify.sh "$(VERSION)"

##@ Test

.PHONY: test
test: generate-check licenses vulnerabilities rules-test test-unit test-apiserver chaos-short bench-short ## Everything that CI runs: generated files, all suites, a short benchmark
	@KUBECONFIG= $(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory monitoring-test GINKGO="--ginkgo.label-filter=short $(GINKGO)"
	@$(MAKE) --no-print-directory olm-test GINKGO="--ginkgo.label-filter=short $(GINKGO)"

.PHONY: test-unit
test-unit: ## Unit and property suites, with the race detector
	go test -race ./cmd/... ./controllers/... ./docs/... ./monitoring/... ./test/binaries ./test/bench/... ./test/chaos/... ./test/soak/... ./test/cluster/... ./test/measurement ./test/traffic/... ./test/versions/...
	for module in image bundle components krew olmv1; do go -C test/tools/$$module test -count=1 -timeout 30m ./... || exit; done # they read files outside their modules

.PHONY: test-chart
test-chart: $(BIN)/helm ## Check the Helm chart: it makes what config/ and bundle/ have, a real API server takes it, wrong values are refused
	HELM="$(CURDIR)/$(BIN)/helm" go -C test/tools/chart test -count=1 -timeout 30m ./...

.PHONY: rules-test
rules-test: ## Check Prometheus' rules with promtool, and fire and not fire each alert in its unit test
	@promtool=$$(go run ./test/monitoring/cmd/programs debian)/promtool && $$promtool check rules monitoring/generated/rules.yaml && \
	  $$promtool test rules monitoring/tests/*.yaml

# The suite waits more than it works: for Leases, for delays, for nothing to happen.
PROCS ?= 3
.PHONY: procs-given
procs-given:
	@[[ "$(PROCS)" =~ ^[1-9][0-9]?$$ ]] || { echo 'PROCS is "$(PROCS)"; give a number from 1 to 99'; exit 2; }

.PHONY: test-apiserver
test-apiserver: procs-given $(BIN)/ginkgo ## API-server suites (Ginkgo) with race and cache mutation detectors, in PROCS (3) processes, each on an embedded control plane
	@go run ./test/controlplane/cmd/controlplane build >/dev/null
	KUBE_CACHE_MUTATION_DETECTOR=true $(BIN)/ginkgo --procs=$(PROCS) -race --timeout=60m --poll-progress-after=90s $(subst -ginkgo.,-,$(GINKGO)) ./test/apiserver

.PHONY: test-plugin
test-plugin: ## kubectl's plugin on an embedded control plane, with an operator at work beside it, with the race detector
	@go run ./test/controlplane/cmd/controlplane build >/dev/null
	go test -race -count=1 -timeout 15m ./test/plugin $(if $(GINKGO),-args $(GINKGO))

VERSIONS_RESULTS := docs/measurements/versions.json

.PHONY: test-versions
test-versions: procs-given $(BIN)/ginkgo ## The same suites against each supported version of Kubernetes that we build (an hour, and 20 minutes more once to build them); VERSIONS="1.24 1.31" for less
	@echo "$(if $(GINKGO),No results are kept of a run with GINKGO.,Results are kept in $(VERSIONS_RESULTS); the README's table is made from it by 'make generate'.)"
	@go run ./test/versions/cmd/versions -output "$(if $(GINKGO),,$(VERSIONS_RESULTS))" -versions "$(VERSIONS)" -ginkgo $(BIN)/ginkgo -procs $(PROCS) -- $(subst -ginkgo.,-,$(GINKGO))

.PHONY: chaos
chaos: ## Let everything that the operator depends on fail while leaders do, and check it from outside; SEED=n, ROUNDS=n, LONGEST=60s, FAULTS="a,b"; KEEP=1 for docs/
	@go run ./test/chaos/cmd/chaos -rounds $(or $(ROUNDS),10) $(if $(SEED),-seed $(SEED)) $(if $(LONGEST),-longest $(LONGEST)) \
	  $(if $(FAULTS),-faults "$(FAULTS)") $(if $(and $(KEEP),$(if $(FAULTS),,all)),-output docs/measurements/chaos.json -command "make chaos KEEP=1$(if $(SEED), SEED=$(SEED))$(if $(ROUNDS), ROUNDS=$(ROUNDS))$(if $(LONGEST), LONGEST=$(LONGEST))")

.PHONY: chaos-short
chaos-short: build ## A few rounds of it, with the shipped binary and limits for slow machines (a minute)
	@go run ./test/chaos/cmd/chaos -shipped -binary $(BIN)/zen-lead -seed $(or $(SEED),5) -rounds 6 -longest 3s -right-within 30s -tolerance 10s

.PHONY: soak
soak: build ## Change 1,000 Services at random for 2 hours and see whether memory, goroutines, descriptors or series grow; MEASURED=10m for less (3m at least, after 5 minutes of warming up)
	@go run ./test/soak/cmd/soak -binary $(BIN)/zen-lead $(if $(MEASURED),-measured $(MEASURED) -command "make soak MEASURED=$(MEASURED)",-output docs/measurements/soak.json)

GENERATED := bundle catalog charts config docs monitoring/generated $(NOTICES)
.PHONY: generate-check
generate-check: generate bundle catalog ## Fail if generating leaves a difference
	@git diff --exit-code -- $(GENERATED) && [ -z "$$(git ls-files --others --exclude-standard -- $(GENERATED))" ] || \
	  { git status --short -- $(GENERATED); echo "Run 'make generate bundle catalog' and commit what it changes."; exit 1; }

FUZZTIME ?= 60s
.PHONY: fuzz
fuzz: ## Fuzz annotations, elections and what is rendered, each for FUZZTIME (60s)
	@echo "$(FUZZTIME)" | grep -Ex '([0-9]+(\.[0-9]+)?(ms|s|m|h))+|[0-9]+x' | grep -q '[1-9]' || \
	  { echo 'FUZZTIME is "$(FUZZTIME)"; give a duration such as 60s, or a number of runs such as 1000x'; exit 2; }
	@grep -rl --include='*_test.go' '^func Fuzz' controllers | while read -r file; do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' $$file); do \
	    echo "$$target ($$file)"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit; \
	  done || exit; done

.PHONY: lint
lint: $(BIN)/golangci-lint $(BIN)/helm ## Run golangci-lint, and Helm's linter on the chart
	$(BIN)/helm lint --strict --quiet charts/zen-lead
	$(BIN)/golangci-lint run ./...
	for module in image bundle chart components krew olmv1; do (cd test/tools/$$module && ../../../$(BIN)/golangci-lint run --config ../../../.golangci.yml ./...) || exit; done

.PHONY: licenses
licenses: $(BIN)/components ## List the licences of all that operator and plugin are linked from, and fail if one is not allowed
	@$(BIN)/components licenses

.PHONY: vulnerabilities
vulnerabilities: $(BIN)/govulncheck ## Fail if a package of operator or plugin, or of the Go that releases are built with, is known to be vulnerable
	@test/tools/vulnerabilities/check.sh

.PHONY: image-twice
image-twice: $(BIN)/bundle $(BIN)/image $(BIN)/components ## Make the image of HEAD twice, under other conditions, and fail if the digests differ
	@test/tools/release/twice.sh

##@ Tidy up

.PHONY: clean
clean: ## Remove bin/; the control plane's binaries stay cached for other checkouts
	rm -rf $(BIN)

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/image: $(wildcard test/tools/image/*)
	@CGO_ENABLED=0 go -C test/tools/image build -o "$(CURDIR)/$@" .

$(BIN)/registry: $(wildcard test/tools/image/registry/*) test/tools/image/go.mod
	@CGO_ENABLED=0 go -C test/tools/image build -o "$(CURDIR)/$@" ./registry

$(BIN)/bundle: $(wildcard test/tools/bundle/*)
	@echo "Building the generator of bundles (the first time 2 minutes)..."
	@CGO_ENABLED=0 go -C test/tools/bundle build -o "$(CURDIR)/$@" .

$(BIN)/components: $(wildcard test/tools/components/*)
	@CGO_ENABLED=0 go -C test/tools/components build -o "$(CURDIR)/$@" .

$(BIN)/helm: test/tools/chart/go.mod
	@echo "Building helm (the first time 3 minutes)..."
	@CGO_ENABLED=0 go -C test/tools/chart build -o "$(CURDIR)/$@" helm.sh/helm/v4/cmd/helm

$(BIN)/krewarchives: $(wildcard test/tools/krew/*)
	@CGO_ENABLED=0 go -C test/tools/krew build -o "$(CURDIR)/$@" .

$(BIN)/ginkgo: test/tools/ginkgo/go.mod
	@$(call tool,ginkgo,github.com/onsi/ginkgo/v2/ginkgo)

$(BIN)/govulncheck: test/tools/vulnerabilities/go.mod
	@go -C test/tools/vulnerabilities build -o "$(CURDIR)/$@" golang.org/x/vuln/cmd/govulncheck

$(BIN)/golangci-lint: test/tools/golangci-lint/go.mod
	@echo "Building golangci-lint (about 3 minutes)..."
	@$(call tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
