/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *notice_text_suite(void);
Suite *notify_calls_suite(void);
Suite *notify_message_suite(void);
Suite *notify_sign_suite(void);
Suite *notify_url_rule_suite(void);
Suite *notify_url_suite(void);

SUITE_MAIN(notice_text_suite, notify_calls_suite, notify_message_suite,
           notify_sign_suite, notify_url_rule_suite, notify_url_suite)
