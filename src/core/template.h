/*
 * Path templates (INTERFACE §3): an asset's place in the archive from its facts. Every
 * substituted value becomes one safe path component; a result is always a relative path
 * of safe components, whatever a title holds. Pure.
 */
#ifndef VODKEEP_CORE_TEMPLATE_H
#define VODKEEP_CORE_TEMPLATE_H

#include "base/err.h"
#include "core/facts.h"

/* What a template may draw on. */
struct template_input {
	const char *workspace, *id, *platform;
	const struct facts *facts;
};

/* Longest base name in bytes, so that "~12345678", ".vN", ".LANG.EXT" and ".part" fit
 * 255. */
#define TEMPLATE_BASE_MAX 180
#define TEMPLATE_PATH_MAX 1024

/* Known fields, closed braces, no absolute or dot components. ERR_INPUT with a
 * sentence. */
int template_check(const char *text, struct err *err);
/* The path without extension, "production/2026/11/goal-ID"; caller frees. Never fails
 * on facts; a checked template always gives a usable path. */
char *template_expand(const char *text, const struct template_input *input);
/* @base with "~" and the first 8 characters of @id: the second of two assets. */
char *template_alternative(const char *base, const char *id);
/* One safe component from any bytes: no '/', no NUL or control character, no leading
 * dot, valid UTF-8, at most @max bytes cut on a character, no trailing space or dot; ""
 * only when nothing is left. Caller frees. */
char *template_component(const char *text, size_t max);

#endif
