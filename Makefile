# Python 3.11 or newer and make are all this needs: `make run`.
PYTHON ?= python3

.PHONY: help run test test-faults check lock clean

help:
	@echo "make run    install DocVault into .venv and start it: http://127.0.0.1:8000"
	@echo "make test   install the development set, then run all tests (TESTS=path for some)"
	@echo "make test-faults  break everything at every step and count what is lost: nothing (FAULTS=text for some, LANES=2)"
	@echo "make check  format, lint, types and import rules"
	@echo "make lock   renew requirements*.lock from pyproject.toml (UPGRADE=1 takes newer versions)"
	@echo "make clean  remove .venv, the built page and caches; your documents stay where they are"

run:
	@$(PYTHON) scripts/install.py
	@exec .venv/bin/docvault up

test:
	@$(PYTHON) scripts/install.py --dev
	@exec .venv/bin/python -m pytest $(or $(TESTS),--numprocesses 2 --dist loadfile)

test-faults:
	@$(PYTHON) scripts/install.py --dev
	@exec .venv/bin/python -m tests.faults --lanes $(or $(LANES),2) $(if $(FAULTS),"$(FAULTS)")

check:
	@$(PYTHON) scripts/install.py --dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports

lock:
	@$(PYTHON) scripts/lock.py

clean:
	rm -rf .venv docvault/web/static docvault/web/app/node_modules .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
