/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *dict_line_suite(void);
Suite *dict_server_suite(void);
Suite *local_socket_suite(void);
Suite *policy_suite(void);
Suite *quota_text_suite(void);
Suite *socket_guard_suite(void);
Suite *sources_suite(void);
Suite *warning_line_suite(void);
Suite *warning_server_suite(void);

SUITE_MAIN(dict_line_suite, dict_server_suite, local_socket_suite, policy_suite,
           quota_text_suite, socket_guard_suite, sources_suite,
           warning_line_suite, warning_server_suite)
