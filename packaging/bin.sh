# Sourced, from the checkout's root: sets `bin`, where a virtual environment has its commands.
bin=.venv/bin
[ "${OS:-}" = Windows_NT ] && bin=.venv/Scripts
true
