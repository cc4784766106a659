/*
 * What holds for every platform: fuzz_fastpix.c and fuzz_optiview.c are this with their
 * own workspace.
 */
#ifndef VODKEEP_TESTS_FUZZ_PLATFORM_H
#define VODKEEP_TESTS_FUZZ_PLATFORM_H

#include "platform/platform.h"
#include <stddef.h>
#include <stdint.h>

/* The bytes as a delivery, as a JPEG delivery, and as the API's answers. */
void fuzz_platform(const struct platform *platform, const struct workspace_config *ws,
	const uint8_t *data, size_t size);

#endif
