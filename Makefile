# Everything that people and CI run. Tools are pinned here; servers are pinned by test/servers.
CONTROLLER_GEN = go run sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
GOLANGCI_LINT  = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# Packages whose tests take -update.
GOLDEN         = ./shared/annotations ./webhook ./webhook/policy ./cli ./test/chart ./test/integration ./test/rules
FUZZTIME      ?= 20s
# Whether this machine can be a real node; elsewhere the tests that need one are skipped.
NODE          := $(shell [ "$$(uname -s)" = Linux ] && [ "$$(id -u)" = 0 ] && echo yes)
LAB            = go run ./test/internal/lab/labctl

.PHONY: help
help: ## Show the verbs.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build runai and runai-webhook into bin/.
	@mkdir -p bin
	go build -o bin/runai ./cli
	go build -o bin/runai-webhook ./webhook

.PHONY: demo
demo: ## Run the main job on an embedded control plane (KEEP=1 leaves it running).
	@go run ./test/demo $(if $(KEEP),-keep)

.PHONY: try
try: build ## Admit one job offline, in seconds and without servers.
	@bin/runai submit-mpi dist1 -p team-a -g 1 --large-shm --processes 2 -i example/train --dry-run=client -o yaml \
		| tee /dev/stderr | bin/runai-webhook admit -f -

.PHONY: test
test: lint verify servers $(if $(NODE),lab-packages lab-images) ## Run everything that CI runs.
	go test -race -timeout 30m $$(go list ./... | grep -v -E '/test/(lab|e2e|bench)$$')
	go test -timeout 30m ./test/bench # the race detector takes most of the memory and time that are looked at
	go test -C test/oracle -race -timeout 30m ./...
	go test -race -timeout 30m -p 1 ./test/lab/... ./test/e2e # a node wants the machine for itself
	$(MAKE) fuzz

.PHONY: e2e
e2e: servers lab-packages lab-images ## Run jobs on a real node, and read what their ranks say.
	go test -timeout 30m -v ./test/e2e

.PHONY: lint
lint: ## Run go vet and the linter.
	go vet ./...
	go vet -C test/oracle ./...
	$(GOLANGCI_LINT) run
	cd test/oracle && $(GOLANGCI_LINT) run

.PHONY: fmt
fmt: ## Format the code.
	$(GOLANGCI_LINT) fmt

.PHONY: generate
generate: ## Write the generated files and the golden files.
	$(CONTROLLER_GEN) object:headerFile=/dev/null paths=./shared/api/...
	$(CONTROLLER_GEN) crd paths=./shared/api/... output:crd:dir=charts/runai-mpi/crds
	go test $(GOLDEN) -update

.PHONY: verify
verify: ## Fail if go.mod or a generated file is stale; the tests hold the golden files.
	go mod tidy -diff
	go mod tidy -C test/oracle -diff
	$(CONTROLLER_GEN) object:headerFile=/dev/null paths=./shared/api/...
	$(CONTROLLER_GEN) crd paths=./shared/api/... output:crd:dir=charts/runai-mpi/crds
	git diff --exit-code -- shared/api charts/runai-mpi/crds

.PHONY: servers
servers: ## Find or build the servers that tests and demo run (15 minutes the first time).
	@go run ./test/internal/binaries/buildservers >/dev/null

.PHONY: lab-servers
lab-servers: ## Find or build what a real node and its queues run too (15 minutes more the first time).
	@go run ./test/internal/binaries/buildservers -lab >/dev/null

.PHONY: lab-packages
lab-packages: ## Install the Debian packages that a real node needs.
	@missing="$$($(LAB) packages)" && [ -z "$$missing" ] || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; }

.PHONY: lab-images
lab-images: lab-servers ## Make the container images of the lab (5 minutes the first time).
	@$(LAB) images

.PHONY: lab-up
lab-up: lab-images ## Run a real node on this machine, in the background.
	@$(LAB) up

.PHONY: lab-shell
lab-shell: ## Open a shell in which kubectl talks to the lab.
	@$(LAB) shell

.PHONY: lab-down
lab-down: ## End the lab, or remove what a killed one left.
	@$(LAB) down

.PHONY: fuzz
fuzz: ## Fuzz every parser and the policies, each for FUZZTIME.
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z]*' . | while IFS=: read -r file func; do \
		go test -C "$$(dirname "$$file")" -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; done

.PHONY: prove
prove: servers $(if $(NODE),lab-packages lab-images) ## Take out each rule of identity, and see its test fail (an hour).
	go run ./test/rules/prove

.PHONY: bench
bench: servers ## Measure the webhook next to controller-runtime's defaulter, and in a crowd next to itself alone.
	go test -run '^$$' -bench . -benchmem ./webhook/...
	go test -run '^$$' -bench . ./test/bench

.PHONY: clean
clean: ## Remove what build made; the cache of servers stays.
	rm -rf bin
