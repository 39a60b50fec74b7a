/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *passdb_calls_suite(void);

SUITE_MAIN(passdb_calls_suite)
