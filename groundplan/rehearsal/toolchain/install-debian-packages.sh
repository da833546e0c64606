#!/bin/sh
# Install those packages of a list (one a line) that this machine lacks. Does nothing when all are there.
set -eu
missing=""
while read -r package; do
    [ -n "$package" ] || continue
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done <"$1"
[ -n "$missing" ] || exit 0
echo "Installing Debian packages:$missing" >&2
if [ "$(id -u)" -ne 0 ]; then
    echo "Not root: run as root, or install them first: apt-get install$missing" >&2
    exit 1
fi
# The names are words on purpose.
# shellcheck disable=SC2086
if ! apt-get install --quiet --quiet --yes --no-install-recommends $missing >/dev/null 2>&1; then
    apt-get update --quiet --quiet
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends $missing >/dev/null
fi
