# What a developer runs. "make test" needs nothing but Go: it does its own set-up.

GO ?= go
VERIFY = $(GO) run ./internal/verify

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: build
build: ## the command, in bin/
	$(GO) build -o bin/evhub ./cmd/evhub

.PHONY: check
check: ## format, vet, lint and short tests: before each commit
	@$(VERIFY) -fast

.PHONY: test
test: ## everything: format, vet, lint, race, fuzz, real brokers where they can be had
	@$(VERIFY)

.PHONY: lint
lint: ## golangci-lint over all modules
	@$(VERIFY) -only lint

.PHONY: fuzz
fuzz: ## each fuzz target for a minute
	@$(VERIFY) -only fuzz -fuzz 1m -budget 2h

.PHONY: integration
integration: ## the tests with a real Kafka and RabbitMQ, which must be there
	@EVHUB_BROKERS=required $(VERIFY) -only integration

.PHONY: proof
proof: ## break the journal and the command in every way that needs no broker: at most half an hour (docs/proof.md)
	@EVHUB_PROOF=1 $(VERIFY) -only proof -timeout 30m -budget 30m

.PHONY: mutants
mutants: ## faults put into the journal on purpose: which test catches which
	$(GO) run ./internal/journal/mutants

.PHONY: soak
soak: ## the proof for hours, then all fault tests with brokers in their full form, ROUNDS times, 20 by default
	@EVHUB_BROKERS=required EVHUB_PROOF=1 EVHUB_SOAK=1 $(VERIFY) -only soak -count $(or $(ROUNDS),20) -timeout 48h -budget 48h

.PHONY: bench
bench: ## benchmarks against the raw clients
	cd bench && $(GO) run .

.PHONY: docs
docs: ## the pages that are generated from the code
	$(GO) generate ./...

.PHONY: compose
compose: ## Kafka and RabbitMQ in containers, at their usual ports
	docker compose up --detach --wait

.PHONY: brokers
brokers: ## Kafka and RabbitMQ natively, until Ctrl-C
	cd integration && $(GO) run ./cmd/brokers up
