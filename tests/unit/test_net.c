/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *alive_suite(void);
Suite *conn_suite(void);
Suite *conn_tls_suite(void);
Suite *mailbox_suite(void);
Suite *shared_buf_suite(void);
Suite *tls_suite(void);
Suite *listen_suite(void);
Suite *lobby_suite(void);
Suite *turns_suite(void);

SUITE_MAIN(shared_buf_suite, mailbox_suite, tls_suite, conn_suite,
           conn_tls_suite, listen_suite, lobby_suite, turns_suite, alive_suite)
