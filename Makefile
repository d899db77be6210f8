# Each target first makes .venv with what it needs; a second call finds it ready.
#
#   make demo                      see one phone being answered, in ten seconds
#   make run ARGS='--interface lo' start the responder with the shipped rules.yaml
#   make all                       what the continuous integration runs
#   make fuzz FUZZ_SECONDS=60      let a machine look for what nobody thought of
#
# PYTHON=/path/to/python3.12 chooses the interpreter that .venv is made with.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help run demo test compiled bench bench-compiled lint types format all fuzz flood clean

ARGS ?=
PYTHON ?=
FUZZ_SECONDS ?= 1800
# Of .venv, where the sources are run as they are.
export PNP_RESPONDER_COMPILE = 0
FUZZ_TARGETS ?= message responder rules

# Only names relative to the checkout: make cannot quote a path with blanks, and need not.
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
SERVES := $(VENV)/.installed
DEVELOPS := $(VENV)/.installed-dev
FUZZES := $(VENV)/.installed-fuzz

# A wheel and the tests of what is compiled in it.
COMPILED := build/compiled
TESTS_OF_COMPILED := tests/test_admission.py tests/test_enrollment_over_link.py tests/test_express.py \
  tests/test_golden.py tests/test_hostile.py tests/test_limits.py tests/test_properties.py tests/test_re[hs]*.py \
  tests/sip tests/ua_profile tests/rules tests/net tests/service

help:
	@printf '%s\n' \
	  'make run      start the responder with rules.yaml (ARGS=... adds options)' \
	  'make demo     play one phone against it on loopback and print the exchange' \
	  'make test     all tests (ARGS=... goes to pytest)' \
	  'make compiled the tests of what an installation compiles (needs a C compiler)' \
	  'make bench    what one exchange costs, beside floors; a minute (ARGS=--quick: half of it)' \
	  'make bench-compiled the same of what is compiled' \
	  'make lint     ruff, and whether the formatting is right' \
	  'make types    mypy, strict' \
	  'make format   put the formatting right' \
	  'make all      lint, types, test, compiled' \
	  'make fuzz     fuzz the message parser, the responder and the rules, FUZZ_SECONDS each (1800)' \
	  'make flood    measure how floods are borne (root; ARGS=... chooses)' \
	  'make clean    remove .venv and all caches'

run: $(SERVES)
	@$(PY) -m pnp_responder run --rules rules.yaml $(ARGS)

demo: $(SERVES)
	@$(PY) -m pnp_responder demo $(ARGS)

test: $(DEVELOPS)
	$(PY) -m pytest $(ARGS)

compiled: $(COMPILED)/.made
	cp -R tests pyproject.toml $(COMPILED)
	cd $(COMPILED) && ../../$(PY) -m pytest $(TESTS_OF_COMPILED) $(ARGS)

bench: $(SERVES)
	@$(PY) -m tests.benchmarks $(ARGS)

bench-compiled: $(COMPILED)/.made
	@cp -R tests $(COMPILED)
	@cd $(COMPILED) && ../../$(PY) -m tests.benchmarks $(ARGS)

lint: $(DEVELOPS)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(DEVELOPS)
	$(PY) -m mypy

format: $(DEVELOPS)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

all: lint types test compiled

# What was learnt stays in .fuzz; a find ends it, and lies there, too.
fuzz: $(FUZZES)
	for target in $(FUZZ_TARGETS); do $(PY) -m tests.fuzz.run $$target $(FUZZ_SECONDS) || exit; done

# Needs root; takes about ten minutes.
flood: $(DEVELOPS)
	$(PY) -m tests.floods $(ARGS)

clean:
	rm -rf $(VENV) .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find pnp_responder tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The first of these that is 3.11 or newer and can make a virtual environment; PYTHON, if given, and no other.
# A name may be there and not run (pyenv's shims), so each is tried.
define MAKE_VENV
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'; \
seen=; chosen=; \
for candidate in $(if $(PYTHON),'$(PYTHON)',python3.13 python3.12 python3.11 python3 python3.14); do \
  "$$candidate" -c "$$new_enough" >/dev/null 2>&1 || continue; \
  test -n "$$seen" || seen=$$candidate; \
  "$$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1 || continue; \
  chosen=$$candidate; break; \
done; \
if test -z "$$seen"; then \
  echo 'make: $(if $(PYTHON),PYTHON=$(PYTHON) is not,there is no) Python 3.11 or newer. On Debian and Ubuntu:' >&2; \
  echo '    sudo apt-get install python3 python3-venv' >&2; exit 1; \
fi; \
if test -z "$$chosen"; then \
  version=$$("$$seen" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
  echo "make: $$seen has no venv or pip module, so .venv cannot be made. On Debian and Ubuntu:" >&2; \
  echo "    sudo apt-get install python$$version-venv" >&2; exit 1; \
fi; \
echo "Making $(VENV) with $$("$$chosen" --version); the first time takes about a minute" >&2; \
"$$chosen" -m venv --clear $(VENV)
endef

# Runs too where the link points to a Python that is gone.
$(PY):
	@$(MAKE_VENV)

# The stamp is written last. A half-made environment has no pip, or is none yet (its python installs into the
# system); it is made anew.
$(SERVES): pyproject.toml $(PY)
	@$(PY) -c 'import pip, sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || { $(MAKE_VENV); }
	@$(PIP) install --editable .
	@touch $@

# After $(SERVES), never beside it: two pips in one environment break it.
$(DEVELOPS): pyproject.toml $(SERVES)
	@$(PIP) install --editable '.[dev]'
	@touch $@

# Needs a C compiler and the headers of Python.
$(COMPILED)/.made: $(DEVELOPS) hatch_build.py $(shell find pnp_responder -name '*.py')
	rm -rf $(COMPILED)
	PNP_RESPONDER_COMPILE=1 $(PIP) wheel --no-deps --wheel-dir $(COMPILED) .
	$(PY) -m zipfile -e $(COMPILED)/*.whl $(COMPILED)
	cd $(COMPILED) && ../../$(PY) -m pnp_responder --version | grep compiled
	@touch $@

$(FUZZES): pyproject.toml $(DEVELOPS)
	@$(PIP) install --editable '.[dev,fuzz]'
	@touch $@
