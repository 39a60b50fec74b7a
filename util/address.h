/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ADDRESS_H
#define UTIL_ADDRESS_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* Addresses in numbers, as people write them.  No name server is asked. */

/* Fills *sa_r for 192.0.2.1 or 2001:db8::1, with or without brackets; an IPv6
 * address may name an interface (fe80::1%eth0), and ::ffff:192.0.2.1 is the
 * IPv4 address.  An IPv4 address has four decimal numbers: others are read
 * differently by different programs.  Returns the length of what was filled, or
 * 0: the text is no address. */
socklen_t address_make(const char *text, uint16_t port,
                       struct sockaddr_storage *sa_r);

/* The same address in the one way in which it is written here. */
#define ADDRESS_SIZE (INET6_ADDRSTRLEN + 1 + 16)
void address_print(const struct sockaddr_storage *sa, char out[ADDRESS_SIZE]);

#endif
