/*
 * The service manager: readiness, status, watchdog (sd_notify datagrams), and listening
 * sockets it hands over. Does nothing where it is not there.
 */
#ifndef VODKEEP_IO_SYSTEMD_H
#define VODKEEP_IO_SYSTEMD_H

#include <stdint.h>

/* "READY=1", "STATUS=…", "RELOADING=1\nMONOTONIC_USEC=…", "STOPPING=1", "WATCHDOG=1".
 * Never blocks; failures are ignored. */
void systemd_notify(const char *state);
/* Half the interval the manager expects, in ms; 0: no watchdog. */
int64_t systemd_watchdog_ms(void);
/* Number of inherited listening sockets (LISTEN_FDS for this pid); the first is 3.
 * Marks them close-on-exec and removes the variables. */
int systemd_listen_fds(void);

#endif
