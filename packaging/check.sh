#!/bin/sh
# Checks format, lint, types, import walls and the workflows: `make check`.
set -eu
cd "$(dirname "$0")/.."

sh packaging/setup.sh dev
. packaging/bin.sh
"$bin/ruff" format --check
"$bin/ruff" check
"$bin/mypy"
"$bin/lint-imports"
"$bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$bin/zizmor" --offline --quiet .github/workflows
