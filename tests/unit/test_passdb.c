/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *dovecot_line_suite(void);
Suite *passdb_calls_suite(void);

SUITE_MAIN(dovecot_line_suite, passdb_calls_suite)
