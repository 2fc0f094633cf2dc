# Everything runs in .venv, which `make env` makes from the locks in envs/; nothing needs activating.
# TORCH=cpu|default chooses the build of torch, SCALE=smoke|laptop|paper the paper that is reported on, packed
# or examined.
SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

TORCH ?= auto
SCALE ?= laptop
PROFILE ?= profiles/slurm
TIER ?= tables
PYTEST_ARGS ?=

export TORCH
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# No setting of the caller's Python (PYTHONPATH of cluster modules, PYTHONDONTWRITEBYTECODE of container images, which
# makes every start compile what it imports); PYTHON names the one that makes .venv.
unexport $(filter-out PYTHON,$(filter PYTHON%,$(.VARIABLES)))

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-17s %s\n", $$1, $$2}'

.PHONY: paper
paper: system env ## the paper at laptop scale: results/laptop/paper.pdf, from the shipped tables where they hold
	ickrr restore --shipped laptop
	snakemake --cores all
	@echo "The paper: results/laptop/paper.pdf"

.PHONY: recompute
recompute: system env ## the same without the shipped results: about 75 minutes on two cores
	snakemake --cores all
	@echo "The paper: results/laptop/paper.pdf"

.PHONY: smoke
smoke: system env ## the smallest paper that passes every stage: results/smoke/paper.pdf
	snakemake --cores all --config scale=smoke
	@echo "The paper: results/smoke/paper.pdf"

.PHONY: report
report: system env ## the HTML report on finished results: results/$(SCALE)/report.html
	snakemake --config scale=$(SCALE) --report results/$(SCALE)/report.html

.PHONY: bundle
bundle: env ## results as one archive: make bundle TIER=tables|predictions|weights SCALE=laptop
	ickrr bundle --tier $(TIER) --scale $(SCALE) --output bundles/$(SCALE)-$(TIER).tar.xz

.PHONY: check
check: env ## is everything here, and is every result what its job wrote: one line each
	ickrr check --scale $(SCALE)

.PHONY: test
test: system env-test ## the fast tests, the smoke paper among them
	pytest -m "not slow and not cluster" -n 2 --dist loadfile $(PYTEST_ARGS)

.PHONY: test-slow
test-slow: system env-test ## the tests that take minutes
	pytest -m "slow and not cluster" $(PYTEST_ARGS)

.PHONY: test-cluster
test-cluster: system env-test ## all tests on a real SLURM, which is started here (needs root)
	@envs/system_packages.sh slurm
	pytest -m cluster $(PYTEST_ARGS)

.PHONY: test-cluster-fast
test-cluster-fast: env-test ## those of them that take a few minutes; skipped where SLURM cannot be started
	@if [ "$$(id -u)" != 0 ]; then echo "SKIPPED: the tests on a real SLURM; its daemons need root"; \
	elif ! envs/system_packages.sh slurm; then echo "SKIPPED: the tests on a real SLURM; no packages (above)"; \
	else pytest -m "cluster and not slow" -n 3 --dist loadfile $(PYTEST_ARGS); fi

.PHONY: cluster-check
cluster-check: env ## can this SLURM cluster run the pipeline? PROFILE=profiles/slurm
	python -m slurm_guard check --profile $(PROFILE)

.PHONY: lint
lint: env-test ## style, formats and types
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint
	mypy

.PHONY: bench
bench: env-test ## measure what benchmarks/README.md states
	python -m benchmarks

.PHONY: wheelhouse
wheelhouse: env ## all locked wheels in build/wheelhouse, for a machine without network (docs/one_machine.md)
	@envs/setup.sh wheelhouse

.PHONY: env
env: ## only the Python environment, in .venv
	@envs/setup.sh

.PHONY: env-test
env-test: ## the same, with what tests and linters need
	@envs/setup.sh test

.PHONY: env-notebooks
env-notebooks: ## the same, with Jupyter Lab: .venv/bin/jupyter lab workflow/notebooks
	@envs/setup.sh notebooks

.PHONY: system
system: ## only the system packages: TeX, graphviz, poppler
	@envs/system_packages.sh

.PHONY: clean
clean: ## remove .venv and caches (results/ stays)
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build src/*.egg-info
