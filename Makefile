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
proof: ## the fault tests in their full form (docs/proof.md)
	@EVHUB_BROKERS=required EVHUB_PROOF=1 $(VERIFY) -only integration -timeout 4h -budget 4h

.PHONY: soak
soak: ## the full form over and over: ROUNDS times, 20 by default
	@EVHUB_BROKERS=required EVHUB_PROOF=1 $(VERIFY) -only integration -count $(or $(ROUNDS),20) -timeout 48h -budget 48h

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
