# What can be done here, and how. `make chat` and `make test` are all that a new machine needs, beside Python 3.11+ and git.
.DEFAULT_GOAL := help
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready

.PHONY: help chat test check format bench test-emulators lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

# The lock is installed as it stands, hash by hash; the project itself comes last and brings nothing along.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; point to it with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { echo "python3 -m venv does not work here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv: about a minute, once." >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

chat: $(READY)  ## talk to the coach in this terminal
	@.venv/bin/brokercoach chat

test: $(READY)  ## the whole test-suite, offline
	$(PY) -m pytest -n auto --maxprocesses 6 --dist worksteal

check: $(READY)  ## format, lint, types, import rules, prompts and cards
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/brokercoach prompts check
	$(PY) -m knowledge.lint

format: $(READY)  ## put the code into its format
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: $(READY)  ## measure; prints a table and writes benchmarks/results.json
	$(PY) benchmarks/run.py

test-emulators: $(READY)  ## the adapters against third-party emulators (Node needed); says what it skips and why
	@failed=0; for run in tests/emulators/telegram_run.py tests/emulators/slack_run.py tests/emulators/model_run.py; do $(PY) $$run || failed=1; done; exit $$failed

# Without [voice]: 437 MB that nobody needs to try or test the coach.
lock:  ## renew requirements.lock (for maintainers; needs uv)
	uv pip compile pyproject.toml $(addprefix --extra ,rag documents export telegram slack postgres llm dev) --generate-hashes --universal --no-emit-index-url --no-emit-find-links \
		--override overrides.txt --python-version 3.11 -o requirements.lock

clean:  ## take away everything that can be made again
	rm -rf .venv .emulators .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist *.egg-info
