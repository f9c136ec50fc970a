# The front door. Each target is one script below .make or one cargo command; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SILENT:
.PHONY: help up down clean-data test bench check core regress suite build schema image

help: ## List the targets
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

up: ## Install, build and start everything [DATA=file-or-URL] [PORT=8000]
	.make/up.sh

down: ## Stop what `make up` started; the data stays
	.make/down.sh

clean-data: ## Stop, and remove the data
	.make/clean-data.sh

test: ## Run every test: check, core, regress, suite
	.make/test.sh

check: ## Format, lints, documentation, dependency arrows
	.make/check.sh

core: ## Test the pure crate; needs no server
	.make/cargo.sh test --locked -p rawdata-core

regress: build ## Test each SQL function by pg_regress, on a private server
	.make/test-servers.sh tests/installcheck

suite: build ## Test over HTTP and SQL with private servers
	.make/cargo.sh test --locked -p http_front -p rawdata-tests

bench: build ## Measure against osm2pgsql and ogr2ogr, as ratios [DATA=file] [CHANGES=file] [MINUTELY=folder]
	.make/test-servers.sh tests/bench

build: ## Build the extension and the program; install the extension
	.make/build.sh

schema: ## Write sql/release anew from the code (needs cargo-pgrx)
	.make/schema.sh

image: ## Build the two container images
	docker build --target db --tag pg_rawdata:db .
	docker build --target front --tag pg_rawdata:front .
