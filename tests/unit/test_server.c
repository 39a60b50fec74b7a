/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *admin_absent_suite(void);
Suite *admin_accounts_suite(void);
Suite *admin_alerts_suite(void);
Suite *admin_aliases_suite(void);
Suite *admin_audit_suite(void);
Suite *admin_domains_suite(void);
Suite *admin_dry_run_suite(void);
Suite *admin_line_suite(void);
Suite *admin_lists_suite(void);
Suite *admin_plan_suite(void);
Suite *admin_objects_suite(void);
Suite *admin_post_suite(void);
Suite *admin_prefs_suite(void);
Suite *admin_rights_suite(void);
Suite *admin_server_suite(void);
Suite *admin_sessions_suite(void);
Suite *admin_state_suite(void);
Suite *admin_system_suite(void);
Suite *admin_usage_suite(void);
Suite *auto_account_suite(void);
Suite *foreign_hash_suite(void);
Suite *hash_pool_suite(void);
Suite *login_slots_suite(void);
Suite *keyed_hash_suite(void);
Suite *password_suite(void);
Suite *auth_cache_suite(void);
Suite *rights_suite(void);
Suite *sasl_suite(void);
Suite *session_id_suite(void);
Suite *settings_suite(void);
Suite *stat_suite(void);
Suite *stat_sample_suite(void);
Suite *stat_text_suite(void);
Suite *throttle_suite(void);
Suite *ticket_suite(void);
Suite *token_suite(void);
Suite *trigger_rule_suite(void);
Suite *usage_ask_suite(void);

SUITE_MAIN(admin_absent_suite, admin_accounts_suite, admin_alerts_suite,
           admin_aliases_suite, admin_audit_suite, admin_domains_suite,
           admin_dry_run_suite, admin_line_suite, admin_lists_suite,
           admin_plan_suite, admin_objects_suite, admin_post_suite,
           admin_prefs_suite, admin_rights_suite, admin_server_suite,
           admin_sessions_suite, admin_state_suite, admin_system_suite,
           admin_usage_suite, auto_account_suite, foreign_hash_suite,
           hash_pool_suite, keyed_hash_suite, login_slots_suite, password_suite,
           auth_cache_suite, rights_suite, sasl_suite, session_id_suite,
           settings_suite, stat_suite, stat_sample_suite, stat_text_suite,
           throttle_suite, ticket_suite, token_suite, trigger_rule_suite,
           usage_ask_suite)
