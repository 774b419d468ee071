/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_url.h: what a URL says of a file: where it is, and its names.
 */
#pragma once

#include "core/event.h"

#include <glib.h>

#define FETCH_ADDRESS_MAX 8u

typedef struct FetchUrl {
    char *text; /* as it was given, without a fragment */
    char *host; /* to be looked up */
    uint16_t port;
    WebName name;     /* its etag is left empty */
    FileId file;      /* of a path /f/HEX; is_file tells */
    uint64_t version; /* of a query ?v=N; 0: not said */
    bool is_file;
    bool is_secure; /* https:// */
    char *path;     /* without escapes or leading slash; NULL: no such text */
} FetchUrl;

/* http:// and https:// alone. */
bool fetch_url_parse(const char *text, FetchUrl *ret_url, GError **error);
void fetch_url_clear(FetchUrl *url);
/* What to call the file here: the last part of its path; NULL when that is no
 * good name. The caller frees. */
char *fetch_url_file_name(const FetchUrl *url);
/* Ask the system where the host is; may wait for name servers. Returns how
 * many addresses there are, 0 with an error. */
uint32_t fetch_url_look_up(const FetchUrl *url,
                           Address ret_addresses[static FETCH_ADDRESS_MAX],
                           GError **error);
