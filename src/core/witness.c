/*
 * The witness's time goes on with the monotonic clock, which no one sets.
 */
#include <config.h>

#include "core/witness.h"

#include "base/clock.h"

#define LEEWAY_NS (INT64_C(3600) * NS_PER_S)
#define FRESH_MS  (INT64_C(24) * 3600 * MS_PER_S)

void witness_tell(struct witness *witness, int64_t their_ns, int64_t mono_ms)
{
	witness->their_ns = their_ns;
	witness->mono_ms = mono_ms;
}

enum witness_word witness_ask(const struct witness *witness, int64_t wall_ns,
	int64_t mono_ms, int64_t *ahead_ns)
{
	int64_t since_ms = mono_ms - witness->mono_ms;

	*ahead_ns = 0;
	if (!witness->their_ns || since_ms > FRESH_MS)
		return WITNESS_SILENT;
	*ahead_ns = wall_ns - (witness->their_ns + since_ms * NS_PER_MS);
	return *ahead_ns > LEEWAY_NS ? WITNESS_DENIES : WITNESS_AGREES;
}
