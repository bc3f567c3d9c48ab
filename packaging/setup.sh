#!/bin/sh
# Sets up .venv in the checkout: `setup.sh app` for the app, `setup.sh dev` for training and tests,
# `setup.sh bench` for measuring speed too; `setup.sh system` installs only what Qt takes from the
# system.
# Installs what is missing from the system as root, or stops and names the command to run.
set -eu
cd "$(dirname "$0")/.."

kind=$1
python=${PYTHON:-python3}
. packaging/bin.sh

# What Qt's wheels take from the system, a font, and the C++ runtime of the wheels, by Debian name.
system_packages="libegl1 libgl1 libopengl0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 \
libfontconfig1 libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
libxcb-randr0 libxcb-render-util0 libxcb-render0 libxcb-shape0 libxcb-shm0 libxcb-sync1 \
libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libstdc++6 fonts-dejavu-core"

stop() {
    echo "photoseek: $*" >&2
    exit 1
}

# install REASON PACKAGE...: install Debian packages, or say how.
install() {
    reason=$1
    shift
    command -v apt-get >/dev/null || stop "$reason; install what Debian calls: $*"
    [ "$(id -u)" = 0 ] || stop "$reason; run: sudo apt-get install $*"
    echo "photoseek: $reason; installing: $*" >&2
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "$@"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        stop "these packages could not be installed: $*"
    fi
    rm -f "$log"
}

check_python() {
    command -v "$python" >/dev/null || install "Python is missing" python3 python3-venv
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "Python 3.11 or newer is needed, and $python is $("$python" -V); set PYTHON=..."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        install "Python's venv module is missing" python3-venv
}

make_venv() {
    [ -x $bin/python ] && $bin/python -c '' 2>/dev/null && return
    echo "photoseek: making .venv" >&2
    rm -rf .venv
    "$python" -m venv .venv
}

# Install again only when what is asked for has changed; the larger kind holds the smaller.
install_packages() {
    extras=$1
    stamp=.venv/photoseek-$kind.stamp
    cmp -s pyproject.toml "$stamp" && return
    [ "$kind" = app ] && cmp -s pyproject.toml .venv/photoseek-dev.stamp && return
    echo "photoseek: installing Python packages into .venv" >&2
    $bin/python -m pip install --quiet --disable-pip-version-check --editable ".$extras"
    cp pyproject.toml "$stamp"
}

# Qt loads these at start; `ldd` names what they do not find.
check_system_libraries() {
    [ "$(uname)" = Linux ] || return 0
    qt=$($bin/python -c 'import importlib.util as u; print(u.find_spec("PySide6").submodule_search_locations[0])')/Qt
    missing=$(ldd "$qt"/lib/libQt6Widgets.so.6 "$qt"/lib/libQt6Svg.so.6 \
        "$qt"/plugins/platforms/libqxcb.so "$qt"/plugins/platforms/libqoffscreen.so 2>/dev/null |
        awk '/not found/ { print $1 }' | sort -u | tr '\n' ' ')
    [ -z "$missing" ] && return
    # shellcheck disable=SC2086 -- one word for each package
    install "Qt needs libraries that are not there ($missing)" $system_packages
}

if [ "$kind" = system ]; then
    # shellcheck disable=SC2086 -- one word for each package
    install "Qt takes these from the system" $system_packages
    exit
fi
check_python
make_venv
case $kind in
    app) install_packages "" ;;
    dev) install_packages "[train,raw,dev]" ;;
    bench) install_packages "[train,raw,dev,bench]" ;;
    *) stop "usage: packaging/setup.sh app|dev|bench|system" ;;
esac
check_system_libraries
