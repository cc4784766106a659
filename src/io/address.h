/*
 * Which IP addresses are outside the public internet (RFC 6890 and its successors in
 * the IANA special-purpose registries). Pure: no lookup, no socket.
 */
#ifndef VODKEEP_IO_ADDRESS_H
#define VODKEEP_IO_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether an IP literal is private, loopback, link-local, multicast, reserved … An
 * address that carries an IPv4 one (v4-mapped, NAT64, 6to4) is judged by that. What is
 * not an IP literal counts as private: it is never a reason to connect. */
bool address_is_private(const char *ip);
/* The same for a socket address; families other than IP are private. */
bool address_is_private_sockaddr(const struct sockaddr *address);

#endif
