/*
 * Two letters to three, for the languages that have both; three stay what they are.
 */
#include <config.h>

#include "media/language.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const struct {
	char two[3], three[4];
} languages[] = {
	{ "ab", "abk" }, { "af", "afr" }, { "am", "amh" }, { "ar", "ara" },
	{ "as", "asm" }, { "ay", "aym" }, { "az", "aze" }, { "ba", "bak" },
	{ "be", "bel" }, { "bg", "bul" }, { "bn", "ben" }, { "bo", "bod" },
	{ "br", "bre" }, { "bs", "bos" }, { "ca", "cat" }, { "co", "cos" },
	{ "cs", "ces" }, { "cy", "cym" }, { "da", "dan" }, { "de", "deu" },
	{ "dz", "dzo" }, { "el", "ell" }, { "en", "eng" }, { "eo", "epo" },
	{ "es", "spa" }, { "et", "est" }, { "eu", "eus" }, { "fa", "fas" },
	{ "fi", "fin" }, { "fj", "fij" }, { "fo", "fao" }, { "fr", "fra" },
	{ "fy", "fry" }, { "ga", "gle" }, { "gd", "gla" }, { "gl", "glg" },
	{ "gn", "grn" }, { "gu", "guj" }, { "ha", "hau" }, { "he", "heb" },
	{ "hi", "hin" }, { "hr", "hrv" }, { "ht", "hat" }, { "hu", "hun" },
	{ "hy", "hye" }, { "ia", "ina" }, { "id", "ind" }, { "ig", "ibo" },
	{ "is", "isl" }, { "it", "ita" }, { "iu", "iku" }, { "ja", "jpn" },
	{ "jv", "jav" }, { "ka", "kat" }, { "kk", "kaz" }, { "kl", "kal" },
	{ "km", "khm" }, { "kn", "kan" }, { "ko", "kor" }, { "ks", "kas" },
	{ "ku", "kur" }, { "ky", "kir" }, { "la", "lat" }, { "lb", "ltz" },
	{ "ln", "lin" }, { "lo", "lao" }, { "lt", "lit" }, { "lv", "lav" },
	{ "mg", "mlg" }, { "mi", "mri" }, { "mk", "mkd" }, { "ml", "mal" },
	{ "mn", "mon" }, { "mr", "mar" }, { "ms", "msa" }, { "mt", "mlt" },
	{ "my", "mya" }, { "nb", "nob" }, { "ne", "nep" }, { "nl", "nld" },
	{ "nn", "nno" }, { "no", "nor" }, { "oc", "oci" }, { "om", "orm" },
	{ "or", "ori" }, { "pa", "pan" }, { "pl", "pol" }, { "ps", "pus" },
	{ "pt", "por" }, { "qu", "que" }, { "rm", "roh" }, { "ro", "ron" },
	{ "ru", "rus" }, { "rw", "kin" }, { "sa", "san" }, { "sd", "snd" },
	{ "si", "sin" }, { "sk", "slk" }, { "sl", "slv" }, { "sm", "smo" },
	{ "sn", "sna" }, { "so", "som" }, { "sq", "sqi" }, { "sr", "srp" },
	{ "st", "sot" }, { "su", "sun" }, { "sv", "swe" }, { "sw", "swa" },
	{ "ta", "tam" }, { "te", "tel" }, { "tg", "tgk" }, { "th", "tha" },
	{ "ti", "tir" }, { "tk", "tuk" }, { "tl", "tgl" }, { "tn", "tsn" },
	{ "to", "ton" }, { "tr", "tur" }, { "ts", "tso" }, { "tt", "tat" },
	{ "ug", "uig" }, { "uk", "ukr" }, { "ur", "urd" }, { "uz", "uzb" },
	{ "vi", "vie" }, { "wo", "wol" }, { "xh", "xho" }, { "yi", "yid" },
	{ "yo", "yor" }, { "zh", "zho" }, { "zu", "zul" },
};
/* clang-format on */

const char *language_code(const char *tag)
{
	size_t len = tag ? strcspn(tag, "-_") : 0;

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if ((len == 2 && strncasecmp(languages[i].two, tag, 2) == 0) ||
			(len == 3 && strncasecmp(languages[i].three, tag, 3) == 0))
			return languages[i].three;
	return "und";
}
