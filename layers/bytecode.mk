# Included by every Makefile that `sam build` runs. sam runs them in a scratch copy of the sources with ARTIFACTS_DIR set, but names them by
# their path in the project; ROOT comes from that path, so neither --build-in-source nor Docker is needed to reach requirements/.
PYTHON313 ?= python3.13
ROOT := $(patsubst %/layers/bytecode.mk,%,$(realpath $(lastword $(MAKEFILE_LIST))))

# The wheels of a lock, as their hashes say; their byte code is made below.
INSTALL = $(PYTHON313) -m pip --disable-pip-version-check install --root-user-action ignore --quiet --no-compile --no-deps --require-hashes --only-binary=:all:

# Lambda's copy of a package is read-only and has times of its own: byte code that is checked against the source's time would be compiled
# again at every cold start. $(1) is where Lambda puts the package; tracebacks name it instead of the folder it was built in.
define compile
	$(PYTHON313) -m compileall -q --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" -p $(1) "$(ARTIFACTS_DIR)"
endef
