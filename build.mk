# Included by the Makefile. `make build` makes .aws-sam/build, which `sam deploy` uploads, without Docker on any platform.

# pyenv's shims stand for versions that are installed but not selected; then it is asked for its newest 3.13.
PYTHON313 ?= $(shell python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null \
	|| echo "$$(pyenv prefix "$$(pyenv latest 3.13 2>/dev/null)" 2>/dev/null)/bin/python3.13")
SAM ?= .venv-sam/bin/sam
export SAM_CLI_TELEMETRY := 0
# The folders are listed too, so that a file that was removed counts as a change.
BUILD_SOURCES = template.yaml build.mk requirements/runtime.txt $(shell find layers functions -name __pycache__ -prune -o -print)

.PHONY: build build-host build-example validate-example bench python313

build: .aws-sam/build/template.yaml

# What this machine needs to run what was built: its own platform's dependencies, Lambda's runtime client, what the benchmarks compare with.
build-host: build build/host/dependencies/.complete build/host/lambda/.complete build/host/bench/.complete

.aws-sam/build/template.yaml: $(BUILD_SOURCES) | $(SAM) python313
	AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} PYTHON313="$(PYTHON313)" $(SAM) build

# A stack of somebody else's: the same tools, the same recipes.
EXAMPLE ?= examples/shop

build-example: $(EXAMPLE)/.aws-sam/build/template.yaml

$(EXAMPLE)/.aws-sam/build/template.yaml: $(BUILD_SOURCES) $(wildcard $(EXAMPLE)/* $(EXAMPLE)/*/*.py) | $(SAM) python313
	cd "$(EXAMPLE)" && AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} PYTHON313="$(PYTHON313)" "$(abspath $(SAM))" build

validate-example: | $(SAM)
	cd "$(EXAMPLE)" && AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} "$(abspath $(SAM))" validate --lint

build/host/dependencies/.complete: requirements/runtime.txt $(wildcard layers/dependencies/*) layers/bytecode.mk | python313
	rm -rf $(@D)
	$(MAKE) --no-print-directory -f layers/dependencies/Makefile build-DependenciesLayer \
		TARGET_PLATFORM=host PYTHON313="$(PYTHON313)" ARTIFACTS_DIR="$(CURDIR)/$(@D)"
	@echo "$(PYTHON313)" > $@

build/host/%/.complete: requirements/%.txt | python313
	rm -rf $(@D)
	$(PYTHON313) -m pip --disable-pip-version-check install --root-user-action ignore --quiet --no-compile --no-deps --require-hashes --target $(@D) -r $<
	$(PYTHON313) -m compileall -q --invalidation-mode unchecked-hash $(@D)
	@echo "$(PYTHON313)" > $@

python313:
	@$(PYTHON313) -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
		echo "make build compiles for Lambda's Python 3.13: install it with pip, or pass PYTHON313=/path/to/python3.13" >&2; exit 1; }

# Each figure stands beside a baseline of the same run; on another machine compare the ratios.
bench: $(VENV)/.complete build-host
	@$(BIN)/python -m bench.imports
	@$(BIN)/python -m bench.aws_clients
	@$(BIN)/python -m bench.cold_start
	@$(BIN)/python -m bench.warm_request
	@$(BIN)/python -m bench.interactive_request
	@$(BIN)/python -m bench.authorizer_request

# Signet beside node-oidc-provider and Authlib on Flask. Needs Node.js with npm beside.
compare: $(VENV)/.complete build-host build/host/compare/.complete bench/compare/node/node_modules/.package-lock.json
	@$(BIN)/python -m bench.compare.side_by_side

bench/compare/node/node_modules/.package-lock.json: bench/compare/node/package-lock.json
	npm ci --prefix bench/compare/node --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

# The same figures and their pictures in docs/performance.md; ROUNDS=5 for a quick look.
performance: $(VENV)/.complete build-host
	@$(BIN)/python -m bench.performance $(ROUNDS)
