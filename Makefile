# One door for people and CI alike. Every target installs what it needs into .venv first.
PYTHON ?= python3
PROCESSES ?= 2
ENV ?= dev
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
LOCK := requirements/all.txt
SETUP := $(VENV)/.installed
PIPELINES := .venv-pipelines
AUTHORING := $(PIPELINES)/.installed
export AWS_EC2_METADATA_DISABLED := true

.PHONY: help setup demo up test sim coverage check lock schemas catalogue recordings bundles bootstrap pipelines \
	pipelines-check synth diff deploy images destroy clean
.DEFAULT_GOAL := help

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## Install everything into .venv (the other targets do it by themselves)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Modelcycle needs Python 3.11 or newer, $(PYTHON) is older. Run: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

$(SETUP): $(UV) $(LOCK) pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements/uv.txt $(LOCK)
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(SETUP) ## Run the whole loop on this machine; your own series: make demo DATA=path.csv
	$(BIN)/modelcycle demo $(if $(DATA),--data "$(DATA)") $(ARGS)

up: $(SETUP) ## Keep it running, with a market, until Ctrl-C (ARGS="--source none --speed 60")
	@$(BIN)/modelcycle up $(ARGS)

test: $(SETUP) ## Run all tests (ARGS="-k name" for some, PROCESSES=0 for one after the other)
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder $(ARGS)

sim: $(SETUP) ## Simulate schedules of faults (SEEDS=10000, SEEDS=5000:6000, SEEDS="=7 --trace"; JOBS=2)
	@$(BIN)/python -m tests.simulation --jobs $(or $(JOBS),2) --seeds $(or $(SEEDS),10000)

coverage: $(SETUP) ## Run tests and say which lines none of them reaches (ARGS as above)
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --show-missing

check: $(SETUP) pipelines-check ## Format, lint, types, import rules, schemas, pipelines, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m ops.contracts check
	$(BIN)/python -m infra.aws check

schemas: $(SETUP) ## Write the generated JSON Schemas, and the catalogue
	$(BIN)/python -m ops.contracts write

catalogue: $(SETUP) ## Write docs/contracts: an AsyncAPI document, and a page to browse all contracts
	$(BIN)/python -m ops.contracts catalogue

recordings: $(SETUP) ## Play the runs of tests/recordings again, and record them
	$(BIN)/python -m tests.recordings

$(AUTHORING): $(UV) requirements/pipelines.txt
	$(UV) venv --quiet --allow-existing --python $(BIN)/python $(PIPELINES)
	$(UV) pip sync --quiet --python $(PIPELINES)/bin/python --require-hashes requirements/pipelines.txt
	@touch $@

pipelines: $(AUTHORING) ## Write algorithms/*/pipeline.json from pipeline.py, by the sagemaker SDK
	$(PIPELINES)/bin/python -m algorithms.definitions write

pipelines-check: $(AUTHORING) ## Say where a pipeline.json is not what pipeline.py says
	$(PIPELINES)/bin/python -m algorithms.definitions check

bundles: $(SETUP) ## Build each service's Lambda bundle in build/bundles (SERVICE=trainer for one)
	@$(BIN)/python -m infra.aws.bundles $(or $(SERVICE),all)

synth: $(SETUP) ## Write an environment's templates to build/cdk.out (ENV=dev, staging, prod)
	@$(BIN)/python -m infra.aws synth --env $(ENV)

bootstrap: $(SETUP) ## Prepare an account's region for the CDK, once (ENV=dev)
	@$(BIN)/python -m infra.aws bootstrap --env $(ENV)

diff: $(SETUP) ## Show what a deployment would change in AWS (ENV=dev)
	@$(BIN)/python -m infra.aws diff --env $(ENV) -- $(ARGS)

images: $(SETUP) ## Build the algorithms' images with Docker and push them to the account (ENV=dev)
	@$(BIN)/python -m infra.aws images --env $(ENV)

deploy: $(SETUP) ## Deploy to AWS (ENV=dev; STACK=trainer for one; ARGS="--require-approval never")
	@$(BIN)/python -m infra.aws deploy --env $(ENV) $(if $(STACK),--only $(STACK)) -- $(ARGS)

destroy: $(SETUP) ## Take an environment down, after asking (ENV=dev; KEEP_DATA=yes, YES=yes)
	@$(BIN)/python -m infra.aws destroy --env $(ENV) $(if $(filter yes,$(KEEP_DATA)),--keep-data) $(if $(filter yes,$(YES)),--yes)

lock: $(UV) ## Resolve the requirements again
	PATH="$(CURDIR)/$(BIN):$$PATH" sh requirements/lock.sh

clean: ## Remove what the targets made, but .venv and .venv-pipelines
	rm -rf .local build demo-report* demo-forecast.png
