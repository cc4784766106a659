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
/* Whether an Authorization header is HTTP Basic, any user, with @password. Takes the
 * same time wherever the passwords differ. @header NULL: absent. */
bool guard_password_ok(const char *header, const char *password);

#endif
