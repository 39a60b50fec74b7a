/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ADDRESS_H
#define UTIL_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Addresses in numbers.  No name server is asked. */

/* An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d, whatever it came as: what
 * is equal is the same address. */
#define ADDRESS_BYTES 16

/* False: it is neither IPv4 nor IPv6, and out is all zero. */
bool address_from_sockaddr(const struct sockaddr *sa,
                           uint8_t out[ADDRESS_BYTES]);
/* 0 if it is neither. */
uint16_t address_port(const struct sockaddr *sa);
/* A text without brackets, interface or port: 192.0.2.1, 2001:db8::1.  False:
 * it is none, and out is all zero. */
bool address_parse(const char *text, uint8_t out[ADDRESS_BYTES]);

/* The IPv6-mapped form of an IPv4 address. */
void address_from_ipv4(const uint8_t four[4], uint8_t out[ADDRESS_BYTES]);

/* True for an IPv4 address, in its mapped form. */
bool address_is_ipv4(const uint8_t a[ADDRESS_BYTES]);
/* True for 127.0.0.0/8 and ::1. */
bool address_is_loopback(const uint8_t a[ADDRESS_BYTES]);
/* The 4 or 16 bytes of the address as its family has it; borrowed. */
const uint8_t *address_plain(const uint8_t a[ADDRESS_BYTES], size_t *n_r);
/* Makes an IPv6 address the network of its first `bits` bits, a multiple of 8;
 * an IPv4 one stays as it is. */
void address_to_network(uint8_t a[ADDRESS_BYTES], unsigned bits);
/* Whether the first `bits` of 128 are the same. */
bool address_is_within(const uint8_t a[ADDRESS_BYTES],
                       const uint8_t net[ADDRESS_BYTES], unsigned bits);

/* "192.0.2.1", "2001:db8::1" */
#define ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN
/* Writes an address without a port. */
void address_format(const uint8_t a[ADDRESS_BYTES],
                    char out[ADDRESS_TEXT_SIZE]);
/* Fills *sa_r, as AF_INET for an IPv4 address; its length. */
socklen_t address_to_sockaddr(const uint8_t a[ADDRESS_BYTES], uint16_t port,
                              struct sockaddr_storage *sa_r);

/* A UNIX socket's, or loopback: whoever has it is on this machine. */
bool address_is_local(const struct sockaddr *sa);

/* Those that are configured may also name an interface. */

/* Fills *sa_r for 192.0.2.1 or 2001:db8::1, with or without brackets; an IPv6
 * address may name an interface (fe80::1%eth0), and ::ffff:192.0.2.1 is the
 * IPv4 address.  An IPv4 address has four decimal numbers: others are read
 * differently by different programs.  Returns the length of what was filled, or
 * 0: the text is no address. */
socklen_t address_make(const char *text, uint16_t port,
                       struct sockaddr_storage *sa_r);

/* The same address in the one way in which it is written here. */
#define ADDRESS_SIZE (INET6_ADDRSTRLEN + 1 + 16)
/* Writes it; "?" if that is not possible. */
void address_print(const struct sockaddr_storage *sa, char out[ADDRESS_SIZE]);

#endif
