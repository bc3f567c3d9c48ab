#!/bin/sh
# Opens the app on the folders given; where there is no screen, does the same job in the terminal.
set -eu

bin=$(dirname "$0")/../.venv/bin

if [ "$(uname)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$bin/photoseek-desktop" "$@"
fi

echo "There is no screen here, so the window cannot open. The same job in the terminal:"
if [ $# -eq 0 ]; then
    echo "(no FOLDER was given, so with the sample photos, in a library of their own)"
    set -- "$(dirname "$0")/../resources/samples"
    PHOTOSEEK_LIBRARY=$(mktemp -d)
    export PHOTOSEEK_LIBRARY
    trap 'rm -rf "$PHOTOSEEK_LIBRARY"' EXIT
fi

say() {
    printf '\n$ %s\n' "$*"
}

say photoseek index "$@"
"$bin/photoseek" index "$@"
for phrase in "a cat" "a cup of coffee" "a flower"; do
    say photoseek search "'$phrase'" --top-k 3
    "$bin/photoseek" search "$phrase" --top-k 3
done
say photoseek info
"$bin/photoseek" info
