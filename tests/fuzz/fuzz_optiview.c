/*
 * Dolby OptiView deliveries and API answers.
 */
#include <config.h>

#include "fuzz.h"
#include "fuzz_platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "stage";
	static char api_url[] = "https://api.millicast.com";
	const struct workspace_config ws = {
		.name = name,
		.platform = PLATFORM_OPTIVIEW,
		.api_url = api_url,
	};

	fuzz_platform(&platform_optiview, &ws, data, size);
	return 0;
}
