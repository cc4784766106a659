/*
 * FastPix deliveries and API answers.
 */
#include <config.h>

#include "fuzz.h"
#include "fuzz_platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "production";
	static char id[] = "7f3a1c52-88d4-4c0e-9b1f-2a6d5e4f3b21";
	static char api_url[] = "https://api.fastpix.com/v1";
	static char stream_url[] = "https://stream.fastpix.com";
	static char image_url[] = "https://images.fastpix.com";
	const struct workspace_config ws = {
		.name = name,
		.platform = PLATFORM_FASTPIX,
		.workspace_id = id,
		.api_url = api_url,
		.stream_url = stream_url,
		.image_url = image_url,
	};

	fuzz_platform(&platform_fastpix, &ws, data, size);
	return 0;
}
