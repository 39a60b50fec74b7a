/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *alert_table_suite(void);

SUITE_MAIN(alert_table_suite)
