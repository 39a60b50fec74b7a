/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

#ifdef WITH_SANITIZER
/* After a panic Berkeley DB does not free what it has. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:__os_malloc\nleak:__os_calloc\nleak:__os_realloc\n";
}
#endif

Suite *account_table_suite(void);
Suite *alert_set_suite(void);
Suite *alert_table_suite(void);
Suite *audit_chain_suite(void);
Suite *audit_table_suite(void);
Suite *backup_suite(void);
Suite *damage_suite(void);
Suite *disk_full_suite(void);
Suite *domain_table_suite(void);
Suite *lanes_suite(void);
Suite *meta_table_suite(void);
Suite *object_table_suite(void);
Suite *post_key_table_suite(void);
Suite *record_suite(void);
Suite *salvage_suite(void);
Suite *store_suite(void);
Suite *ticket_table_suite(void);
Suite *token_table_suite(void);
Suite *trigger_table_suite(void);
Suite *usage_table_suite(void);
Suite *verify_suite(void);

SUITE_MAIN(record_suite, alert_set_suite, meta_table_suite, domain_table_suite,
           account_table_suite, alert_table_suite, post_key_table_suite,
           ticket_table_suite, token_table_suite, object_table_suite,
           trigger_table_suite, usage_table_suite, audit_table_suite,
           audit_chain_suite, lanes_suite, store_suite, disk_full_suite,
           damage_suite, salvage_suite, verify_suite, backup_suite)
