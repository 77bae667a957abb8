# Included by the Makefile. `make e2e` drives a real browser through Signet and writes a picture of every page.

SCREENSHOTS := build/screenshots
# The folders that have packages of the npm registry, each with a lock.
NPM := tests/browser tests/compatibility/consumers

.PHONY: e2e images browser browser-programs

e2e: $(VENV)/.complete browser
	@mkdir -p $(SCREENSHOTS)
	SCREENSHOTS=$(SCREENSHOTS) $(BIN)/python -m pytest tests/browser tests/compatibility/test_seed_001_authorization_code.py $(PYTEST_ARGS)
	@echo "A picture of every page is in $(SCREENSHOTS)."

# The pictures in the README.
images: e2e
	cp $(SCREENSHOTS)/login-light-narrow.png docs/images/login.png
	cp $(SCREENSHOTS)/consent-dark-narrow.png docs/images/consent.png
	cp $(SCREENSHOTS)/account-light-narrow.png docs/images/account.png

# What these tests need beside Python: Chromium and Node, axe-core, and the client libraries of docs/consumers.md.
browser: $(NPM:%=%/node_modules/.package-lock.json)

%/node_modules/.package-lock.json: %/package-lock.json | browser-programs
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

# Debian's own where this is allowed to install; elsewhere one line says what is missing.
browser-programs:
	@missing=; \
	for name in "$$CHROMIUM" chromium chromium-browser google-chrome none; do command -v "$$name" >/dev/null && break; done; \
	[ "$$name" != none ] || missing="chromium fonts-dejavu-core"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && apt-get install -yq --no-install-recommends $$missing; \
	else \
		echo "The browser tests need $$missing: install it, or name another Chromium by CHROMIUM=/path/to/chromium" >&2; exit 1; \
	fi
