# `make` alone lists the commands.
.DEFAULT_GOAL := help
.PHONY: help up test lint types contracts console bench lock docs

help:  ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

up:  ## Set up and run Siyu with the sample brand
	./up

test:  ## Pass every check and test (installs what they need)
	./test

lint:  ## Format and lint
	.venv/bin/ruff check --fix . && cd console && npm run --silent check

types:  ## Check types (mypy strict)
	.venv/bin/mypy

contracts:  ## Check the order of rooms
	.venv/bin/lint-imports

console:  ## Develop the console with reload (siyu serve must be running)
	cd console && npm run dev

bench:  ## Run every benchmark (minutes; each prints its figure and its ratio)
	for file in bench/*.py; do .venv/bin/python $$file || exit 1; done

docs:  ## Write the generated reference pages anew
	.venv/bin/python tools/reference.py

lock:  ## Lock the dependencies anew
	.venv/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o locks/runtime.txt
	.venv/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml --extra test --extra bench -o locks/all.txt
	for group in wechatpy-1 wechatpy-2 collect-clients s3-server; do .venv/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group $$group -o locks/$$group.txt || exit 1; done
