/*
 * How often an address may try a wrong password: a few times freely, then it has to
 * wait twice as long each time. In fixed memory, for the addresses that failed last.
 * Pure but for its own state.
 */
#ifndef VODKEEP_ADMIN_THROTTLE_H
#define VODKEEP_ADMIN_THROTTLE_H

#include <stdint.h>

#define THROTTLE_ADDRESSES 256
#define THROTTLE_FREE      5    /* failures in a row */
#define THROTTLE_MIN_MS    5000 /* the first wait */
#define THROTTLE_MAX_MS    900000

struct throttle {
	struct throttle_entry {
		char address[64];
		unsigned failures;
		int64_t last_ms; /* monotonic */
	} entries[THROTTLE_ADDRESSES];
};

/* How long @address still has to wait; 0: it may try now. */
int64_t throttle_wait_ms(
	const struct throttle *throttle, const char *address, int64_t now_ms);
void throttle_failed(struct throttle *throttle, const char *address, int64_t now_ms);
void throttle_succeeded(struct throttle *throttle, const char *address);

#endif
