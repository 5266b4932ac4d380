# Everything happens in .venv, with the versions that constraints.txt pins.
PYTHON ?= python3
BIN := .venv/bin
WORLD := out/quickstart

.PHONY: install quickstart test check bench clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# Draws a small world of pictures and captions, curates it offline, says what became of it, and
# trains a small model, judged before and after on a world in other words.
quickstart: install
	rm -rf $(WORLD)
	$(BIN)/pairmill sample $(WORLD) --rows 40000 --models
	$(BIN)/pairmill doctor $(WORLD)/recipe.toml
	$(BIN)/pairmill curate $(WORLD)/recipe.toml
	$(BIN)/pairmill stats $(WORLD)/out --truth $(WORLD)/truth.parquet
	$(BIN)/pairmill sample $(WORLD)/gallery --rows 3000 --seed 1 --defects 0 --templates held-out
	$(BIN)/pairmill train configs/train/quickstart.toml

test: install
	$(BIN)/pytest -n 3

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 3

bench: install
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.resizing
	$(BIN)/python -m benchmarks.gather
	$(BIN)/python -m benchmarks.slow_hosts
	$(BIN)/python -m benchmarks.full_disk
	$(BIN)/python -m benchmarks.duplicates
	$(BIN)/python -m benchmarks.screen
	$(BIN)/python -m benchmarks.score
	$(BIN)/python -m benchmarks.translate
	$(BIN)/python -m benchmarks.thresholds
	$(BIN)/python -m benchmarks.losses
	$(BIN)/python -m benchmarks.loader
	$(BIN)/python -m benchmarks.mine
	$(BIN)/python -m benchmarks.mined

clean:
	rm -rf .venv out build *.egg-info
