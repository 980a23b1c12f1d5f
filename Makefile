# Everything that people and CI run. Tools are pinned here; servers are pinned by test/servers.
CONTROLLER_GEN   = go run sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
CRANE            = go run github.com/google/go-containerregistry/cmd/crane@v0.22.1
VALE             = go run github.com/vale-cli/vale/v3/cmd/vale@v3.22.0 --config=test/prose/vale.ini --output=line
GOLANGCI_LINT    = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
HELM_DOCS        = go run github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2 --chart-search-root=charts --sort-values-order=file --log-level=warning
MISSING_PACKAGES = go run ./test/internal/packages/missingpackages
BUILD_SERVERS    = go run ./test/internal/binaries/buildservers
LAB              = go run ./test/internal/lab/labctl
# Packages whose tests take -update: those that need no servers, and those that do.
GOLDENS          = ./shared/annotations ./shared/api/v1alpha1 ./config ./webhook ./webhook/crds ./webhook/doctor ./webhook/policy ./cli ./cli/state ./test/ranges ./test/rules
SERVER_GOLDENS   = ./test/chart ./test/doctor ./test/integration ./test/logins
# What --version prints. Outside of a git repository: what the go command knows, which is (devel).
VERSION         ?= $(shell [ ! -e .git ] || git describe --tags --always --dirty --abbrev=12 2>/dev/null)
REVISION        ?= $(shell git rev-parse HEAD 2>/dev/null)
# The same commit, Go release and platform make the same binary, wherever it is built: no paths, no times, no C library.
GO_BUILD         = CGO_ENABLED=0 go build -trimpath -buildvcs=false \
	-ldflags '-s -w$(if $(VERSION), -X github.com/runai-mpi/runai-mpi/shared/version.version=$(VERSION))'
# Where built files go, and the platforms of the image.
BIN             ?= bin
PLATFORMS       ?= linux/amd64 linux/arm64
FUZZTIME        ?= 3s
FUZZ            ?= [A-Za-z]*
ROUNDS          ?= 3
SOAK            ?= 2m
SUBMISSIONS     ?= $(if $(RACE),10,50)
# Whether this machine can be a real node; elsewhere the tests that need one are skipped.
NODE            := $(shell [ "$$(uname -s)" = Linux ] && [ "$$(id -u)" = 0 ] && echo yes)

.NOTPARALLEL:

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^##@ / {printf "\n%s:\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Try the product

.PHONY: build
build: ## Build runai and runai-webhook into bin/.
	@mkdir -p bin
	$(GO_BUILD) -o bin/runai ./cli
	$(GO_BUILD) -o bin/runai-webhook ./webhook

.PHONY: image
image: ## Write the image of runai-webhook into bin/image, an OCI layout, without a container engine.
	@for platform in $(PLATFORMS); do export GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		$(GO_BUILD) -o $(BIN)/$$platform/runai-webhook ./webhook || exit 1; done
	go run ./webhook/image --output $(BIN)/image --version "$(or $(VERSION),devel)" --revision "$(REVISION)" \
		$(foreach platform,$(PLATFORMS),$(platform)=$(BIN)/$(platform)/runai-webhook)

.PHONY: push
push: $(if $(IMAGE),,no-image-name) image ## Push the image to a registry: make push IMAGE=registry.example.com/runai-webhook:0.1.0
	$(CRANE) push $(BIN)/image $(IMAGE)

.PHONY: no-image-name
no-image-name:
	@echo "say where to: make push IMAGE=registry.example.com/runai-webhook:0.1.0" >&2; exit 1

.PHONY: try
try: build ## Admit one job offline, in seconds and without servers.
	@bin/runai submit-mpi dist1 -p team-a -g 1 --large-shm --processes 2 -i example/train --dry-run=client -o yaml \
		| tee /dev/stderr | bin/runai-webhook admit -f -

.PHONY: demo
demo: ## Run a demo on an embedded control plane (KEEP=1 leaves it running).
	@go run ./test/demo $(if $(KEEP),-keep)

##@ Test it

INSTALL_PACKAGES  = [ -z "$$missing" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; }

.PHONY: packages
packages: ## Install the Debian packages that the tests need and this machine does not have, as root.
	@missing="$$($(MISSING_PACKAGES) -race -directory $(if $(NODE),-node))" && { $(INSTALL_PACKAGES); }

.PHONY: test
test: have-packages lint verify servers $(if $(NODE),lab-images) ## Run everything that CI runs.
	@# -count=1: suites build the binaries and the image, of which Go's cache of test results knows nothing.
	go test -count=1 -race -timeout 30m $$(go list ./... | grep -v -E '/(webhook/policy|test/[a-z0-9]+)$$')
	go test -count=1 -timeout 30m ./webhook/policy ./webhook/server # without the race detector, which takes most of the time and memory that are looked at
	@# Suites run the product in processes of its own, and wait for them most of the time: three at once use two cores.
	go test -count=1 -p 3 -timeout 30m $$(go list ./test/... | grep -E '/test/[a-z0-9]+$$' | grep -v -E '/(bench|lab|e2e|lifecycle|operator|matrix)$$')
	go test -count=1 -timeout 30m ./test/forgery -args -differ # with a validating replica that has another cluster policy
	go test -count=1 -timeout 30m ./test/bench # what is measured wants the machine for itself
	go test -C test/oracle -count=1 -timeout 30m ./...
	go test -C test/monitoring -count=1 -timeout 30m ./...
	go test -count=1 -timeout 30m -p 1 ./test/lab ./test/e2e ./test/lifecycle ./test/operator ./test/matrix # a node does, too
	$(MAKE) fuzz

.PHONY: lint
lint: ## Run go vet, the linter, and a linter of the language.
	go vet ./...
	go vet -C test/oracle ./...
	go vet -C test/monitoring ./...
	$(GOLANGCI_LINT) run
	cd test/oracle && $(GOLANGCI_LINT) run
	cd test/monitoring && $(GOLANGCI_LINT) run
	$(VALE) *.md docs cli webhook shared config charts test

.PHONY: verify
verify: ## Fail if go.mod or a generated file is stale; the tests hold the golden files.
	go mod tidy -diff
	go mod tidy -C test/oracle -diff
	go mod tidy -C test/monitoring -diff
	$(CONTROLLER_GEN) object:headerFile=/dev/null paths=./shared/api/...
	$(CONTROLLER_GEN) crd paths=./shared/api/... output:crd:dir=charts/runai-mpi/crds
	$(HELM_DOCS)
	git diff --exit-code -- shared/api charts/runai-mpi/crds charts/runai-mpi/README.md

.PHONY: e2e
e2e: can-be-node servers lab-images ## Run jobs on a real node, and read what their ranks say.
	go test -timeout 30m -v ./test/e2e

.PHONY: operator-e2e
operator-e2e: can-be-node servers lab-images ## Run mpi-operator's own tests with the webhook and without (ROUNDS times, 5 minutes each).
	go test -timeout 2h -v ./test/operator -run '^TestOperatorsOwn$$' -args -rounds $(ROUNDS) -page $(CURDIR)/docs/operator-e2e.md

.PHONY: upgrade
upgrade: can-be-node servers lab-images ## Install, upgrade, roll back and uninstall on a real node, and write the page of results.
	go test -count=1 -timeout 60m -v ./test/lifecycle -args -all -page $(CURDIR)/docs/lifecycle.md

.PHONY: gate-scale
gate-scale: can-be-node servers lab-images ## Start a job with 256 workers, and count what its start gate asks.
	go test -timeout 30m -v ./test/e2e -run '^TestGateAtScale$$' -args -gate-workers=256

.PHONY: soak
soak: can-be-node servers lab-images ## Let each fault happen for 2 minutes while 50 jobs a second are created, besiege the port, and write the page of results (RACE=1: only the faults, with the race detector and 10 jobs a second).
	go test -count=1 -timeout 2h -v ./test/e2e -run '^TestSoak$$' -args -submissions=$(SUBMISSIONS) -soak=$(SOAK) \
		$(if $(RACE),-raced,-soak-page=$(CURDIR)/docs/soak.md)
	$(if $(RACE),,go test -count=1 -timeout 30m -v ./test/replicas -run '^TestBesieged$$' -args -siege=$(SOAK))

.PHONY: scale
scale: servers ## Run jobs of up to 4,096 workers on simulated nodes, and commands in a crowd, and write the page (an hour).
	go test -count=1 -timeout 3h -v ./test/scale -run '^Test(Jobs|Gate|ClonesSimulated)$$' -args -workers 4096 -record
	go test -count=1 -timeout 1h -v ./test/bench -run '^TestCommandsInACrowd$$' -args -record
	go test -count=1 ./test/scale -run '^TestPage$$' -update

.PHONY: states
states: can-be-node servers lab-images ## Bring jobs into each state on a real node, and write what describe shows of them.
	go test -timeout 30m -parallel 20 ./test/e2e -run '^TestStates$$' -args -record
	go test ./cli/state -update

.PHONY: directory-load
directory-load: servers ## Make 20,000 accounts of an LDAP server into PosixIdentities, twice, and print how long each run takes.
	@missing="$$($(MISSING_PACKAGES) -directory)" && { $(INSTALL_PACKAGES); }
	go test -count=1 -timeout 30m -v ./test/integration -run '^TestDirectorySync$$' -args -directory-accounts=20000

.PHONY: matrix
matrix: can-be-node servers lab-images ## Run a job with each MPI, user and image on a real node, and write the page of results.
	go test -timeout 60m -v ./test/matrix -run '^Test(Matrix|Page)$$' -args -all -update

.PHONY: completion
completion: servers ## Complete command lines in real bash, zsh and fish, whose packages it installs, as root.
	@missing="$$($(MISSING_PACKAGES) -shells)" && { $(INSTALL_PACKAGES); }
	go test -count=1 -v ./test/integration -run '^TestCompletion$$' -args -shells bash,zsh,fish

.PHONY: fuzz
fuzz: ## Fuzz every parser and the policies, each for FUZZTIME (only names that match FUZZ).
	@grep -rHoE --include='*_test.go' '^func Fuzz($(FUZZ))[(]' . | tr -d '(' | while IFS=: read -r file func; do \
		go test -C "$$(dirname "$$file")" -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; done

.PHONY: fuzz-hour
fuzz-hour: ## Fuzz every parser, the patches, the handlers and the policies for 150 s each (an hour).
	$(MAKE) fuzz FUZZTIME=150s

.PHONY: fuzz-identity
fuzz-identity: ## Fuzz identities and updates against Kubernetes' own code (20 minutes).
	$(MAKE) fuzz FUZZ='EffectiveIdentity|Updates' FUZZTIME=10m

.PHONY: fuzz-pods
fuzz-pods: ## Fuzz which jobs can run against the operator's and Kubernetes' own code (20 minutes).
	$(MAKE) fuzz FUZZ='Pods|PodsOfAdmitted' FUZZTIME=10m

.PHONY: prove
prove: servers $(if $(NODE),lab-images) ## Take out each rule of identity, and see its test fail (half an hour).
	go run ./test/rules/prove

.PHONY: bench
bench: servers ## Measure everything that has a range, and the latency of 2,000 creations each, and write the page (20 minutes).
	go test -run '^$$' -bench . -benchmem ./webhook/...
	go test -run '^$$' -bench . ./test/bench
	go test -count=1 ./webhook/policy -run '^TestGateOfReadyWorkers$$' -args -record-figures
	go test -count=1 -timeout 60m -v ./test/bench -args -record-figures -creations=2000
	go test ./test/ranges -update

##@ Change it

.PHONY: fmt
fmt: ## Format the code.
	$(GOLANGCI_LINT) fmt

.PHONY: goldens
goldens: ## Write the golden files that need no servers, in seconds.
	go test $(GOLDENS) -update
	go test ./test/chart -run '^(TestValuesHaveTheDefaultPolicy|TestSchema|TestMetricsPage)$$' -update
	$(HELM_DOCS)
	go test ./test/docgen -run '^TestCommands$$' -update

.PHONY: generate
generate: have-servers ## Write the generated files and all golden files, which takes the servers.
	$(CONTROLLER_GEN) object:headerFile=/dev/null paths=./shared/api/...
	$(CONTROLLER_GEN) crd paths=./shared/api/... output:crd:dir=charts/runai-mpi/crds
	go test $(GOLDENS) $(SERVER_GOLDENS) -update
	$(HELM_DOCS)
	go test ./test/docgen -run '^TestCommands$$' -update

.PHONY: clean
clean: ## Remove what build made; the cache of servers stays.
	rm -rf bin

##@ Run a real node, on Linux as root

.PHONY: lab-up
lab-up: lab-images ## Run the lab, a cluster with a real node, in the background (INSTALL=1 installs runai-mpi).
	@$(LAB) up$(if $(INSTALL),-installed)

.PHONY: lab-shell
lab-shell: ## Open a shell in which kubectl talks to the lab.
	@$(LAB) shell

.PHONY: lab-down
lab-down: ## End the lab, or remove what a killed one left.
	@$(LAB) down

##@ Fill the cache of servers, which other targets do too

.PHONY: servers
servers: ## Find or build the servers that the tests run (15 minutes the first time).
	@$(BUILD_SERVERS) >/dev/null

.PHONY: lab-servers
lab-servers: ## Find or build what a real node and its queues run too (15 minutes more).
	@$(BUILD_SERVERS) -lab >/dev/null

.PHONY: lab-images
lab-images: can-be-node lab-servers ## Make the container images of the lab (8 minutes the first time).
	@$(LAB) images

# The rest are conditions of other targets: each is met, or says in one line what to do.

.PHONY: have-packages
have-packages:
	@missing="$$($(MISSING_PACKAGES) -race -directory $(if $(NODE),-node))" && { [ -z "$$missing" ] || \
		{ echo "packages are missing ($$missing): run make packages" >&2; exit 1; }; }

.PHONY: can-be-node
can-be-node:
	@$(if $(NODE),,echo "a real node needs Linux and root" >&2; exit 1)
	@missing="$$($(MISSING_PACKAGES) -node)" && { [ -z "$$missing" ] || \
		{ echo "packages are missing ($$missing): run make packages" >&2; exit 1; }; }

.PHONY: have-servers
have-servers:
	@missing="$$($(BUILD_SERVERS) -missing)" && { [ -z "$$missing" ] || \
		{ echo "servers are missing ($$missing): run make servers, or make goldens for what needs none" >&2; exit 1; }; }
