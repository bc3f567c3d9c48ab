#!/bin/sh
# Checks the code and runs all tests, on any system: `make test`, and its form for Windows.
set -eu
cd "$(dirname "$0")/.."

sh packaging/check.sh
. packaging/bin.sh
# Each file of tests stays whole on one of as many processes as there are cores.
QT_QPA_PLATFORM=offscreen "$bin/pytest" -n auto --dist loadfile
