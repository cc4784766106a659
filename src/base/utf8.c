/*
 * UTF-8 as RFC 3629 defines it. Judges bytes; replaces and allocates nothing.
 */
#include <config.h>

#include "base/utf8.h"

size_t utf8_sequence(const char *text, size_t len, uint32_t *code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;
	uint32_t value;

	if (len == 0)
		return 0;
	unsigned char first = (unsigned char)text[0];
	if (first < 0x80) {
		n = 1;
		value = first;
	} else if ((first & 0xE0) == 0xC0) {
		n = 2;
		value = first & 0x1F;
	} else if ((first & 0xF0) == 0xE0) {
		n = 3;
		value = first & 0x0F;
	} else if ((first & 0xF8) == 0xF0) {
		n = 4;
		value = first & 0x07;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)text[i];
		if ((next & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (next & 0x3F);
	}
	if (value < smallest[n] || value > 0x10FFFF ||
		(value >= 0xD800 && value <= 0xDFFF))
		return 0;
	if (code)
		*code = value;
	return n;
}

size_t utf8_trim(const char *text, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)text[len - back];
		if ((c & 0xC0) == 0x80)
			continue;
		size_t needs = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
		return needs > back ? len - back : len;
	}
	return len;
}
