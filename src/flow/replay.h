/*
 * Replaying: runs stored deliveries through today's rules, newest first, as far back as
 * asked for and as they are kept. Each asset they name is judged once, by the latest of
 * its events (core/replay); what would become of it is noted, and unless it is a dry
 * run, wished for: the keeper's looks do it, and ask the platform first, as ever.
 */
#ifndef VODKEEP_FLOW_REPLAY_H
#define VODKEEP_FLOW_REPLAY_H

#include "flow/chore.h"

extern const struct chore_type replay_chore;

#endif
