/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_CERTIFICATE_H
#define TESTS_UNIT_CERTIFICATE_H

/* A directory of its own with two self-signed certificates, made anew. */
struct certificates {
    char dir[64];
    char cert[80], key[80];                   /* that fit */
    char other_cert[80], other_key[80];       /* the second pair */
    char garbage[80], missing[80];            /* no PEM; not there */
    char fifo[80], empty[80], locked_key[80]; /* `key`, with a password */
    /* All for other_key: out of date, ahead of it, signed by somebody; with the
     * certificate of who did, with another one of that name. */
    char expired[80], early[80], signed_cert[80], chain[80], wrong_chain[80];
    /* The same, where who signed says that he is a root; and signed by somebody
     * whom that root signed: alone, saying so, and with the certificate of him
     * between. */
    char of_root[80], between[80], says_between[80], part_chain[80];
    char root[80], other_root[80]; /* who signed all; another of its kind */
};

void certificates_make(struct certificates *c);
void certificates_remove(struct certificates *c);

#endif
