/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *address_suite(void);
Suite *base64_suite(void);
Suite *blank_suite(void);
Suite *bom_suite(void);
Suite *buf_suite(void);
Suite *clock_suite(void);
Suite *proxy_header_suite(void);
Suite *spell_suite(void);
Suite *text_suite(void);
Suite *fold_suite(void);
Suite *log_suite(void);
Suite *name_suite(void);
Suite *zone_suite(void);

SUITE_MAIN(address_suite, base64_suite, blank_suite, bom_suite, buf_suite,
           clock_suite, proxy_header_suite, spell_suite, text_suite, fold_suite,
           log_suite, name_suite, zone_suite)
