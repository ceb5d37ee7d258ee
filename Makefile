# Everything a developer does here, one word each. `make help` lists them.
SHELL := /bin/bash
PACKAGES = $(shell go list ./... | grep -v /node_modules/)

.DEFAULT_GOAL := help
.PHONY: help build run demo test client bench microbench sim lint

help: ## list these
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

build: ## build ./pursuit, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o pursuit ./cmd/pursuit

run: ## serve from source, on pursuit.db in this folder
	go run ./cmd/pursuit serve

demo: ## serve an invented program on a fresh database
	go run ./cmd/pursuit serve --demo

test: ## all checks and tests, on SQLite and Postgres; installs what is missing
	script/test

client: ## the part of `make test` that is the TypeScript client's, in a browser too
	bash client/test/run.sh

bench: ## a running server against the floor, as ratios, on both databases
	go run ./bench

microbench: ## the benchmarks beside the code
	go test -run '^$$' -bench . -benchmem -timeout 60m $(PACKAGES)

SEED ?= 1
OPS ?= 3000
DB ?= sqlite
sim: ## many devices against the built binary, with faults: SEED=7 OPS=3000 DB=postgres
	go run ./sim/cmd/sim -seed $(SEED) -ops $(OPS) -db $(DB)

lint: ## golangci-lint with the reasons in .golangci.yml
	golangci-lint run
