# Two commands: `make rehearse` and `make test`. Each sets up what it needs first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv

.PHONY: rehearse test lint setup setup-test clean

rehearse: setup
	$(VENV)/bin/groundplan rehearse run dev

test: lint tools
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# Rehearsals mostly wait: for the cloud's own pauses, which the providers keep, and for pods.
WORKERS := 3

# On a new machine it takes most of an hour, and a test has minutes.
tools: setup setup-test ## Get the programs and images that rehearsals and tests run on.
	$(VENV)/bin/groundplan rehearse run dev --id tools --until prepare
	$(VENV)/bin/groundplan rehearse down tools
	$(VENV)/bin/python -m tests.tools
.PHONY: tools

lint: setup setup-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ty check

setup: $(VENV)/.debian-packages $(VENV)/.run

setup-test: $(VENV)/.debian-test-packages $(VENV)/.test

$(VENV)/bin/uv: constraints/uv.txt | $(VENV)/.debian-packages
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r constraints/uv.txt
	touch $@

$(VENV)/.debian-packages: groundplan/rehearsal/toolchain/debian-packages.txt
	mkdir -p $(VENV)
	groundplan/rehearsal/toolchain/install-debian-packages.sh $<
	touch $@

$(VENV)/.debian-test-packages: tests/debian-packages.txt | $(VENV)/.debian-packages
	groundplan/rehearsal/toolchain/install-debian-packages.sh $<
	touch $@

$(VENV)/.run: constraints/run.txt pyproject.toml | $(VENV)/bin/uv
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --require-hashes -r constraints/run.txt
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --editable .
	touch $@

$(VENV)/.test: constraints/test.txt $(VENV)/.run
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --require-hashes -r constraints/test.txt
	touch $@

constraints: ## Pin anew what pyproject.toml asks for (versions and hashes, no index lines).
	$(VENV)/bin/uv pip compile pyproject.toml --group test --group services $(COMPILE) -o constraints/test.txt
	$(VENV)/bin/uv pip compile pyproject.toml -c constraints/test.txt $(COMPILE) -o constraints/run.txt
	$(VENV)/bin/uv pip compile --group checkov $(COMPILE) -o constraints/checkov.txt
	$(VENV)/bin/uv pip compile --group prowler $(COMPILE) -o constraints/prowler.txt
	$(VENV)/bin/uv pip compile --group compliance-trestle $(COMPILE) -o constraints/compliance-trestle.txt
.PHONY: constraints
COMPILE := --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

requirements: setup ## Pin anew what the images of the services install; numpy comes with torch and onnxruntime.
	cd services && $(COMPILE_SERVICE) training/requirements.in --no-emit-package numpy -o training/requirements.txt
	cd services && $(COMPILE_SERVICE) inference/requirements.in --no-emit-package numpy -o inference/requirements.txt
	cd services && $(COMPILE_SERVICE) ingest/requirements.in -o ingest/requirements.txt
.PHONY: requirements
COMPILE_SERVICE := ../$(VENV)/bin/uv pip compile -c ../constraints/test.txt --universal --python-version 3.12 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

reference: setup ## Write anew what is generated: schema, reference pages, admission policies.
	$(VENV)/bin/python -m infra.settings.schema
	$(VENV)/bin/python -m groundplan.reference
	$(VENV)/bin/python -m policies.admission
.PHONY: reference

clean: ## Remove the environment. Rehearsals are removed by `groundplan rehearse down`.
	rm -rf $(VENV)
