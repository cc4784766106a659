/*
 * Which rule decides about an asset: the first in file order that matches; else the
 * built-in one. Pure.
 */
#ifndef VODKEEP_CORE_RULE_H
#define VODKEEP_CORE_RULE_H

#include "base/digest.h"
#include "core/config.h"
#include "core/facts.h"

/* Never NULL. */
const struct rule *rule_choose(
	const struct config *config, const char *workspace, const struct facts *facts);
/* A hash of what decides which rule an asset is under: names, order, what they match.
 */
void rule_fingerprint(const struct config *config, char out[DIGEST_SHA256_HEX]);
/* '*', '?' and [sets]; case-insensitive; UTF-8 aware '?'. */
bool glob_match(const char *glob, const char *text);
/* Any glob of the list; an empty list matches everything. */
bool glob_list_match(const struct text_list *globs, const char *text);

#endif
