/*
 * Sniffing. A kind is told from the beginning alone, and every kind has its names.
 */
#include <config.h>

#include "fuzz.h"
#include "media/sniff.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum media_kind kind = media_sniff(data, size);
	const char *type = media_content_type(kind);

	if (size > SNIFF_BYTES)
		HOLDS(media_sniff(data, SNIFF_BYTES) == kind);
	HOLDS(*media_extension(kind) && strlen(media_extension(kind)) <= 4);
	HOLDS(strchr(type, '/') != NULL);
	HOLDS(*media_kind_name(kind) != '\0');
	return 0;
}
