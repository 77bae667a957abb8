# make serve | test | check | build | bench | deploy: each bootstraps what it needs. PYTHON is any Python from 3.11 on.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAM := .venv-sam/bin/sam
PIP_INSTALL := -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes

.PHONY: help serve test check scan format docs lock deploy clean

help:
	@echo "make serve   run Signet here, with an embedded AWS"
	@echo "make test    every test"
	@echo "make check   every gate: format, lint, types, imports, template, tests with coverage"
	@echo "make scan    the template against checkov's policies; .checkov.yaml answers its findings"
	@echo "make build   both layers and all functions for Lambda, without Docker"
	@echo "make format  put the code into the form that check asks for"
	@echo "make browser what the browser tests need: Chromium, Node, axe-core"
	@echo "make e2e     the browser tests, with a picture of every page in build/screenshots"
	@echo "make images  those of them that the README shows"
	@echo "make bench   cold start and CPU per request, each against a baseline of the same run"
	@echo "make compare Signet beside node-oidc-provider and Authlib on Flask, one core each"
	@echo "make docs    fill in the figures and lists that the documents take from commands"
	@echo "make performance  those figures in docs/performance.md, with pictures"
	@echo "make lock    compile requirements/*.in anew; UPGRADE=--upgrade takes what is newest"
	@echo "make clean   away with what these have installed and built"
	@echo "make deploy  sam deploy with samconfig.toml; STAGE=production for another of its sections"
	@echo "             DEPLOY_ARGS='--region eu-west-1 --parameter-overrides DomainName=...'"

serve: $(VENV)/.complete
	@exec $(BIN)/signet serve

test: $(VENV)/.complete $(SAM)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.complete $(SAM)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy layers/core/signet cli/signet_cli tests bench
	$(BIN)/lint-imports
	$(SAM) validate --lint
	$(MAKE) --no-print-directory -C examples/shop validate
	$(BIN)/python -m pytest --cov --cov-fail-under=95 --quiet tests/unit tests/endpoints tests/contract tests/advisories tests/architecture

scan: .venv-scan/.complete
	.venv-scan/bin/checkov --config-file .checkov.yaml

# checkov pins boto3 to releases of its own, and is too heavy for everybody's .venv.
.venv-scan/.complete: requirements/scan.txt
	$(PYTHON) -m venv .venv-scan
	.venv-scan/bin/python $(PIP_INSTALL) -r requirements/scan.txt
	@touch $@

format: $(VENV)/.complete
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The places in docs/ that commands fill; a test compares.
docs: $(VENV)/.complete
	$(BIN)/python -m bench.documents

deploy: build
	$(SAM) deploy $(if $(STAGE),--config-env $(STAGE)) $(DEPLOY_ARGS)

# The stamp is made last: an installation that was interrupted begins anew.
$(VENV)/.complete: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Signet needs Python 3.11 or later; pass PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Installing into $(VENV), this once: it takes a minute or two."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP_INSTALL) -r requirements/dev.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# aws-sam-cli pins boto3 and pydantic to releases of its own, so it lives apart.
$(SAM): requirements/sam.txt
	$(PYTHON) -m venv .venv-sam
	.venv-sam/bin/python $(PIP_INSTALL) -r requirements/sam.txt
	@touch $@

# Compiled without an index address: no host of a registry is ever named in a lock.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: $(VENV)/.complete
	cd requirements && for name in runtime dev sam scan lambda bench compare; do ../$(LOCK) $(UPGRADE) --output-file $$name.txt $$name.in || exit 1; done

clean:
	rm -rf $(VENV) .venv-sam .venv-scan .aws-sam build

include build.mk
include e2e.mk
