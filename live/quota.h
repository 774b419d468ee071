/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/quota.h: how many requests a second each IP address may make.
 *
 * A token bucket each, kept as the time at which it will be full again: so
 * many a second, and as many at once after a second of silence. The table has
 * a fixed size. Who is pushed out of it by others begins anew, with a full
 * bucket, which is no more than a stranger has.
 */
#pragma once

#include "core/event.h"

#include <glib.h>

typedef struct QuotaEntry {
    uint8_t ip[16];
    int64_t full_ns; /* 0: not in use */
} QuotaEntry;

typedef struct Quota {
    uint32_t rate_per_s; /* 0: no limit, and no table */
    QuotaEntry *entries;
} Quota;

/* Also to change the rate; what is known of peers is forgotten then. */
void quota_init(Quota *quota, uint32_t rate_per_s);
void quota_clear(Quota *quota);
/* One request from there; false when it is one too many. */
bool quota_take(Quota *quota, const uint8_t ip[16], int64_t now_ns);
