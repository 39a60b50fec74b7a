/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *dict_line_suite(void);
Suite *policy_suite(void);
Suite *warning_line_suite(void);

SUITE_MAIN(dict_line_suite, policy_suite, warning_line_suite)
