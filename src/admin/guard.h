/*
 * Who may come in by the TCP listener (admin.listen): browsers of other sites may not,
 * strangers may not. The unix socket is guarded by its file mode. Pure.
 */
#ifndef VODKEEP_ADMIN_GUARD_H
#define VODKEEP_ADMIN_GUARD_H

#include <stdbool.h>

/* Whether "127.0.0.1:8788", "[::1]:8788", "localhost:8788" names this machine only. */
bool guard_is_loopback(const char *listen);
/* Whether a request with this Host header may be answered by a loopback listener: a
 * name that is not this machine's was put there by DNS rebinding. @host NULL: absent.
 */
bool guard_host_ok(const char *host);
/* Whether a request may come from where it says: a browser tells by Origin and
 * Sec-Fetch-Site when it is not a page of ours that asks; programs tell neither. Each
 * may be NULL: absent. */
bool guard_same_site(const char *host, const char *origin, const char *fetch_site);

#endif
