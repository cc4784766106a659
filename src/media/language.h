/*
 * Languages as media files name them. A table.
 */
#ifndef VODKEEP_MEDIA_LANGUAGE_H
#define VODKEEP_MEDIA_LANGUAGE_H

/* The three letters (ISO 639-2/T) that an MP4 has for the language of the tag @tag
 * ("en", "pt-BR", "deu"); "und" where there is none, it is not known, or NULL. */
const char *language_code(const char *tag);

#endif
