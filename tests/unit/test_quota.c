/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *maildirsize_suite(void);
Suite *maildir_path_suite(void);
Suite *maildir_read_suite(void);
Suite *account_walk_suite(void);
Suite *maildir_source_suite(void);
Suite *doveadm_reply_suite(void);
Suite *doveadm_suite(void);
Suite *policy_suite(void);

SUITE_MAIN(maildirsize_suite, maildir_path_suite, maildir_read_suite,
           account_walk_suite, maildir_source_suite, doveadm_reply_suite,
           doveadm_suite, policy_suite)
