/*
 * Numbers as containers write them: the most significant byte first.
 */
#ifndef VODKEEP_MEDIA_BE_H
#define VODKEEP_MEDIA_BE_H

#include <stdint.h>

static inline uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t be64(const unsigned char *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

#endif
