# Vestige: `make demo` and `make test` do all set-up; nothing else is needed but Python 3.11, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup demo check test bench kills fuzz docs lock clean study-trajectories study-careers study-profile study-forum-groups study-dismantling study-memory
setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Vestige needs Python 3.11 or newer; set PYTHON=...'; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/python tools/demo.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Recovery and coverage of the trajectory models over 200 simulated forums; about six minutes.
study-trajectories: setup
	$(BIN)/python tools/study_trajectories.py

# Coverage of the careers' intervals over 200 simulated forums; about three minutes.
study-careers: setup
	$(BIN)/python tools/study_careers.py

# Coverage of the reference profile's intervals and of likelihood ratios; a few minutes.
study-profile: setup
	$(BIN)/python tools/study_profile.py

# Area R of every strategy on the benchmark graphs beside the repository; about four CPU-minutes.
study-dismantling: setup
	$(BIN)/python tools/study_dismantling.py

# Whether BIC finds the six groups, or the one, of whole simulated forums; an hour for 100 forums of each.
study-forum-groups: setup
	$(BIN)/python tools/study_forum_groups.py 100

# Peak memory of every command at growing sizes; writes docs/validation/memory.md; half an hour.
study-memory: setup
	$(BIN)/python tools/study_memory.py --page

bench: setup
	$(BIN)/python -m benchmarks

# Kills 200 runs of derive, merge and seal at random moments and writes docs/validation/killed-runs.md.
kills: setup
	$(BIN)/python tools/kill_runs.py 200

# Fuzzes every parser for ten minutes each and writes docs/validation/fuzzing.md; FUZZ_SECONDS=60 for a short run.
FUZZ_SECONDS ?= 600
fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.txt
	$(BIN)/python tools/fuzz.py --seconds $(FUZZ_SECONDS) --page

docs: setup
	$(BIN)/python tools/generate_docs.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Pins every dependency with hashes and without any index address. Takes ten minutes: it hashes every wheel.
lock: setup
	$(BIN)/pip-compile --quiet --all-extras --generate-hashes --strip-extras --allow-unsafe --no-emit-options \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) demo site build dist .bench .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis
