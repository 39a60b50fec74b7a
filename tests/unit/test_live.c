/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *alert_suite(void);
Suite *alert_cache_suite(void);
Suite *board_suite(void);
Suite *broadcast_suite(void);
Suite *door_suite(void);
Suite *door_told_suite(void);
Suite *door_wake_suite(void);
Suite *wake_files_suite(void);
Suite *login_suite(void);
Suite *peer_suite(void);
Suite *push_suite(void);
Suite *req_tables_suite(void);
Suite *request_suite(void);
Suite *delivery_suite(void);
Suite *quota_shown_suite(void);
Suite *quota_sweep_suite(void);
Suite *session_time_suite(void);
Suite *session_walk_suite(void);
Suite *upkeep_suite(void);
Suite *usage_feed_suite(void);
Suite *live_account_suite(void);
Suite *watch_suite(void);
Suite *status_suite(void);

SUITE_MAIN(alert_suite, alert_cache_suite, board_suite, broadcast_suite,
           door_suite, door_told_suite, door_wake_suite, wake_files_suite,
           login_suite, peer_suite, push_suite, req_tables_suite, request_suite,
           delivery_suite, quota_shown_suite, quota_sweep_suite,
           session_time_suite, session_walk_suite, upkeep_suite,
           usage_feed_suite, live_account_suite, watch_suite, status_suite)
