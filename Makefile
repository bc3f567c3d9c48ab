# One command does each job on a fresh machine with Python 3.11 or newer; see README.md.

BIN := .venv/bin

.PHONY: run test check format bench fuzz clean

run:            ## set up and open the app; FOLDER=... adds a folder of photos
	sh packaging/setup.sh app
	sh packaging/run.sh $(if $(FOLDER),"$(FOLDER)")

test:           ## set up, check and run all tests
	sh packaging/test.sh

check:          ## format, lint, types, import walls and workflows
	sh packaging/check.sh

format:         ## put the code in the house's form
	sh packaging/setup.sh dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench:          ## measure speed as ratios against bare parts, in about ten minutes; writes build/bench
	sh packaging/setup.sh bench
	PYTHONPATH=tests $(BIN)/python -m benchmarks --out build/bench $(BENCH)

fuzz:           ## feed damaged files to what opens photos, for SECONDS=3600
	sh packaging/setup.sh dev
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	mkdir -p runs/fuzz
	cd runs/fuzz && nice ../../$(BIN)/python ../../tests/fuzz/fuzz_images.py corpus \
		-max_total_time=$(or $(SECONDS),3600)

clean:          ## remove what the other commands made
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
