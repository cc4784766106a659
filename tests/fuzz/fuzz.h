/*
 * What every fuzz program shares. Each fuzz_*.c is one entry point that takes any bytes
 * and asserts what its module promises about them. The same entry points run in two
 * ways: under libFuzzer (--enable-fuzzers, `make fuzz`), which makes up inputs, and in
 * `make check` under replay.c, which feeds them the fixtures.
 */
#ifndef VODKEEP_TESTS_FUZZ_H
#define VODKEEP_TESTS_FUZZ_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* The one function of an entry point. @data is exactly @size bytes, no NUL behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise. Not assert(): it holds whatever NDEBUG says. */
#define HOLDS(promise) ((promise) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #promise))
_Noreturn void fuzz_broken(const char *file, int line, const char *promise);

/* What of the input has not been used yet. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};
/* Take the bytes up to the next line end, as text that ends at its first NUL; "" when
 * nothing is left. Caller frees. */
char *fuzz_line(struct fuzz_input *in);
/* All of it as text, likewise. */
char *fuzz_text(const uint8_t *data, size_t size);

bool fuzz_is_utf8(const char *text);
/* Whether nobody could use a URL that @text (NULL: yes) names: none shows a user, a
 * fragment, or a query but "***". Independent of platform/redact. */
bool fuzz_urls_are_harmless(const char *text);
/* @rc and what it left behind: 0, or -class with a sentence that may be shown. */
void fuzz_result_holds(int rc, const struct err *err);

#endif
