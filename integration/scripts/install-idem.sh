#!/bin/sh
# Makes pop-evbus, Idem's own event bus, available and prints the Python that has it.
#
# It is installed from PyPI into an environment of its own in the cache folder: $EVHUB_CACHE, else evhub in
# $XDG_CACHE_HOME or ~/.cache. On failure the last line on stderr is the reason.
set -eu

cache=${EVHUB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/evhub}
home=$cache/idem-7.0.1

if [ ! -f "$home/complete" ]; then
	command -v python3 >/dev/null 2>&1 || {
		echo "pop-evbus needs Python 3 with venv" >&2
		exit 1
	}
	mkdir -p "$cache"
	rm -rf "$home"
	{ python3 -m venv "$home" && "$home/bin/pip" install -q --disable-pip-version-check \
		pop-evbus==7.0.1 evbus-kafka==5.0.0 evbus-pika==5.0.0 acct==8.6.2 pop-serial==2.0.0 \
		aiokafka==0.14.0 aio-pika==10.2.1; } >&2 || {
		echo "pip could not install pop-evbus" >&2
		exit 1
	}
	touch "$home/complete"
fi
echo "$home/bin/python"
