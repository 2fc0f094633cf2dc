# Everything runs in .venv, which `make env` makes from the locks in envs/; nothing needs activating.
# TORCH=cpu|default chooses the build of torch. SCALE=smoke|laptop|desk|paper chooses the paper that `report`, `site`,
# `bundle` and `check` look at.
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
# No setting of the caller's Python counts (PYTHONPATH of cluster modules; PYTHONDONTWRITEBYTECODE of container images,
# with which every start compiles what it imports). Only PYTHON does: it names the Python that makes .venv.
unexport $(filter-out PYTHON,$(filter PYTHON%,$(.VARIABLES)))

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-17s %s\n", $$1, $$2}'

.PHONY: paper
paper: system env ## make the paper at laptop scale, from shipped tables if they fit: results/laptop/paper.pdf
	ickrr restore --shipped laptop
	snakemake --cores all
	@echo "The paper: results/laptop/paper.pdf"

.PHONY: recompute
recompute: system env ## the same without shipped results: about two hours on two cores
	snakemake --cores all
	@echo "The paper: results/laptop/paper.pdf"

.PHONY: smoke
smoke: system env ## make the smallest paper that passes through every stage: results/smoke/paper.pdf
	snakemake --cores all --config scale=smoke
	@echo "The paper: results/smoke/paper.pdf"

.PHONY: report
report: system env ## write the HTML report on finished results: results/$(SCALE)/report.html
	snakemake --config scale=$(SCALE) --report results/$(SCALE)/report.html

.PHONY: site
site: system env-site ## write the site on finished results: results/$(SCALE)/site/index.html opens in a browser
	snakemake --cores all --config scale=$(SCALE) -- site
	@echo "The site: results/$(SCALE)/site/index.html"

.PHONY: bundle
bundle: env ## pack results into one archive: make bundle TIER=tables|predictions|weights|models SCALE=laptop RUNS="spherical line"
	ickrr bundle --tier $(TIER) --scale $(SCALE) $(if $(RUNS),--runs $(RUNS)) --output bundles/$(SCALE)-$(TIER)$(if $(RUNS),-of-$(subst $() $(),-,$(strip $(RUNS)))).tar.xz

.PHONY: release
release: system env ## put paper, report, bundles, card and sources into build/release-<version>, with checksums
	snakemake --cores all --config scale=$(SCALE)
	snakemake --config scale=$(SCALE) --report results/$(SCALE)/report.html
	ickrr release --scale $(SCALE)

.PHONY: check
check: env ## check that everything is here, and that every result is what its job wrote
	ickrr check --scale $(SCALE)

.PHONY: test
test: system env-test ## run the fast tests, which include the smoke paper
	pytest -m "not slow and not cluster" -n 2 --dist loadfile $(PYTEST_ARGS)

.PHONY: test-slow
test-slow: system env-test ## run the tests that take minutes
	pytest -m "slow and not cluster" $(PYTEST_ARGS)

.PHONY: test-cluster
test-cluster: system env-test ## run all tests on a real SLURM, which is started here (needs root)
	@envs/system_packages.sh slurm
	pytest -m cluster tests/cluster $(PYTEST_ARGS)

.PHONY: test-cluster-fast
test-cluster-fast: env-test ## run the faster ones of them; skipped if SLURM cannot be started
	@if [ "$$(id -u)" != 0 ]; then echo "SKIPPED: the tests on a real SLURM; its daemons need root"; \
	elif ! envs/system_packages.sh slurm; then echo "SKIPPED: the tests on a real SLURM; no packages (above)"; \
	else pytest -m "cluster and not slow" tests/cluster -n 3 --dist loadfile $(PYTEST_ARGS); fi

.PHONY: cluster-check
cluster-check: env ## check that this SLURM cluster can run the pipeline: PROFILE=profiles/slurm
	python -m slurm_guard check --profile $(PROFILE)

.PHONY: lint
lint: env-test ## check style, formats and types
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint
	mypy

.PHONY: bench
bench: env-test ## measure what benchmarks/README.md states
	python -m benchmarks

.PHONY: wheelhouse
wheelhouse: env ## put all locked wheels into build/wheelhouse, for a machine without network
	@envs/setup.sh wheelhouse

.PHONY: docs
docs: env ## write the generated files again: reference, schema, catalogue, citation
	ickrr config --reference docs/configuration.md --schema docs/config.schema.json
	ickrr catalogue --output docs/catalogue.md
	ickrr release --metadata

.PHONY: env
env: ## make only the Python environment, in .venv
	@envs/setup.sh

.PHONY: env-test
env-test: ## the same, with what tests and linters need
	@envs/setup.sh test

.PHONY: env-site
env-site: ## the same, with what building the site needs
	@envs/setup.sh site

.PHONY: env-notebooks
env-notebooks: ## the same, with Jupyter Lab: .venv/bin/jupyter lab workflow/notebooks
	@envs/setup.sh notebooks

.PHONY: system
system: ## install only the system packages: TeX, graphviz, poppler
	@envs/system_packages.sh

.PHONY: system-browser
system-browser: ## install Chromium, in which the tests look at the site; without it they are skipped
	@envs/system_packages.sh browser || echo "SKIPPED: the tests of the site in a browser; no Chromium (above)"

.PHONY: clean
clean: ## remove .venv and caches (results/ stays)
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build src/*.egg-info
