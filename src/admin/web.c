/*
 * The page: three files that the build puts into the program (admin/page_assets.h is
 * made from page.html, page.css and page.js).
 */
#include <config.h>

#include "admin/call.h"

#include "admin/page_assets.h"

void admin_page(struct admin_call *call)
{
	call_reply_bytes(
		call, 200, "text/html; charset=utf-8", page_html, sizeof(page_html));
}

void admin_page_css(struct admin_call *call)
{
	call_reply_bytes(
		call, 200, "text/css; charset=utf-8", page_css, sizeof(page_css));
}

void admin_page_js(struct admin_call *call)
{
	call_reply_bytes(
		call, 200, "text/javascript; charset=utf-8", page_js, sizeof(page_js));
}
