/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *dovecot_line_suite(void);
Suite *pam_source_suite(void);
Suite *pam_wire_suite(void);
Suite *passdb_calls_suite(void);
Suite *userdb_line_suite(void);
Suite *userdb_suite(void);

#if WITH_PAM
#define PAM_SUITES pam_source_suite, pam_wire_suite
#else
#define PAM_SUITES pam_wire_suite
#endif

SUITE_MAIN(dovecot_line_suite, PAM_SUITES, passdb_calls_suite,
           userdb_line_suite, userdb_suite)
