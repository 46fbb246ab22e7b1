#!/bin/sh
# Makes the jars of Apache Kafka available and prints the folder that holds them.
#
# They come from Maven Central by coordinates and stay in a cache folder: $EVHUB_CACHE, else evhub in
# $XDG_CACHE_HOME or ~/.cache. Java and Maven are installed with apt where they are missing and that is
# possible. On failure the last line on stderr is the reason.
set -eu

kafka=4.1.0
log4j=2.24.3
cache=${EVHUB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/evhub}
home=$cache/kafka-$kafka

have() { command -v "$1" >/dev/null 2>&1; }

install() {
	if ! have apt-get || [ "$(id -u)" != 0 ]; then
		echo "Kafka needs $*: install it (here that takes root and apt)" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >&2
	apt-get install -q -y --no-install-recommends "$@" >&2
}

have java || install default-jre-headless
if [ ! -d "$home" ]; then
	have mvn || install maven
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/kafka.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	cat >"$work/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0">
		  <modelVersion>4.0.0</modelVersion>
		  <groupId>evhub</groupId>
		  <artifactId>kafka-for-tests</artifactId>
		  <version>1</version>
		  <dependencies>
		    <dependency>
		      <groupId>org.apache.kafka</groupId>
		      <artifactId>kafka_2.13</artifactId>
		      <version>$kafka</version>
		    </dependency>
		    <dependency>
		      <groupId>org.apache.logging.log4j</groupId>
		      <artifactId>log4j-slf4j-impl</artifactId>
		      <version>$log4j</version>
		    </dependency>
		  </dependencies>
		</project>
	POM
	mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$work/libs" >&2 || {
		echo "Maven could not get Kafka $kafka" >&2
		exit 1
	}
	# Another run may have been faster. The rename is atomic, so nobody sees half a folder.
	[ -d "$home" ] || mv "$work/libs" "$home"
fi
echo "$home"
