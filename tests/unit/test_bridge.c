/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *bridge_parts_suite(void);
Suite *http_conn_suite(void);
Suite *push_log_suite(void);

SUITE_MAIN(bridge_parts_suite, http_conn_suite, push_log_suite)
