/*
 * What every unit test includes: cmocka with the headers it needs before it.
 */
#ifndef VODKEEP_TESTS_UNIT_H
#define VODKEEP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A mixed-radix counter, where each combination of inputs is one number: its next
 * digit. */
static inline int digit(unsigned *code, unsigned base)
{
	unsigned value = *code % base;

	*code /= base;
	return (int)value;
}

#endif
