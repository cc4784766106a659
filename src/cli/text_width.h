/*
 * How many columns a terminal gives to a character. Pure.
 */
#ifndef VODKEEP_CLI_TEXT_WIDTH_H
#define VODKEEP_CLI_TEXT_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* 0, 1 or 2; of a character that text_clean() lets through. */
size_t text_code_width(uint32_t code);

#endif
