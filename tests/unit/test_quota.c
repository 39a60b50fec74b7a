/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *account_walk_suite(void);
Suite *dict_line_suite(void);
Suite *dict_server_suite(void);
Suite *doveadm_reply_suite(void);
Suite *doveadm_suite(void);
Suite *local_socket_suite(void);
Suite *maildir_path_suite(void);
Suite *maildir_read_suite(void);
Suite *maildir_source_suite(void);
Suite *maildirsize_suite(void);
Suite *policy_suite(void);
Suite *quota_text_suite(void);
Suite *socket_guard_suite(void);
Suite *sources_suite(void);
Suite *warning_line_suite(void);
Suite *warning_server_suite(void);

SUITE_MAIN(account_walk_suite, dict_line_suite, dict_server_suite,
           doveadm_reply_suite, doveadm_suite, local_socket_suite,
           maildir_path_suite, maildir_read_suite, maildir_source_suite,
           maildirsize_suite, policy_suite, quota_text_suite,
           socket_guard_suite, sources_suite, warning_line_suite,
           warning_server_suite)
