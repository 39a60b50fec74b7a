#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes configure and the Makefile templates.
cd "$(dirname "$0")" || exit 1
mkdir -p m4 build-aux
exec autoreconf --force --install --warnings=none "$@"
