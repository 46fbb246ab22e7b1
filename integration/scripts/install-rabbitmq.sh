#!/bin/sh
# Makes RabbitMQ available and prints the folder of its scripts (rabbitmq-server, rabbitmqctl).
#
# On Debian and its kin the server is installed with apt, without starting the system service. The real
# scripts are used there, not the wrappers in /usr/sbin, which change the user. On failure the last line on
# stderr is the reason.
set -eu

find_scripts() {
	for dir in /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin; do
		[ -x "$dir/rabbitmq-server" ] && echo "$dir" && return
	done
	case $(command -v rabbitmq-server || true) in
	'' | /usr/sbin/*) return 1 ;;
	*) dirname "$(command -v rabbitmq-server)" ;;
	esac
}

if ! find_scripts; then
	if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
		echo "RabbitMQ is missing: install rabbitmq-server (here that takes root and apt)" >&2
		exit 1
	fi
	# RUNLEVEL=1 keeps the package from starting the service.
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	apt-get update -q >&2
	apt-get install -q -y --no-install-recommends rabbitmq-server >&2
	find_scripts || {
		echo "the package rabbitmq-server was installed but its scripts were not found" >&2
		exit 1
	}
fi
