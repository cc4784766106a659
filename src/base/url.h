/*
 * References made absolute, as RFC 3986 §5 has it, and what is left of a URL when its
 * signature is taken away. Text in, text out: opens no connection.
 */
#ifndef VODKEEP_BASE_URL_H
#define VODKEEP_BASE_URL_H

#include <stdbool.h>

/* What @ref, found in the document at the absolute http(s) URL @base, means: an
 * absolute http(s) URL without fragment; the caller frees it. Spaces and bytes beyond
 * ASCII are percent-encoded. NULL when @base is no http(s) URL, when @ref leads to
 * another scheme ("data:", "skd:"), or when it holds a control character. */
char *url_resolve(const char *base, const char *ref);
/* The last two components of @url's path ("video_1080/7.m4s"), or as many as it has,
 * without query and fragment: what stays of a segment's URL when it is signed anew, and
 * still tells one rendition from another. Give it a resolved URL where there is one,
 * because "7.m4s" alone names no rendition. The caller frees it. */
char *url_tail(const char *url);
/* The value of the first parameter @name in @url's query, percent-decoded; the caller
 * frees it. NULL when there is none, or when it decodes to a control character. */
char *url_query_value(const char *url, const char *name);
/* Whether @ref begins with a scheme ("https:", "data:"): else it is relative. */
bool url_has_scheme(const char *ref);

#endif
