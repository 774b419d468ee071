/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/quota.c: how many requests a second each IP address may make.
 */
#include "live/quota.h"

#include <string.h>

#define SET_COUNT 1024u /* a power of two */
#define WAY_COUNT 8u
#define BURST_NS NS_PER_S

void
quota_init(Quota *quota, uint32_t rate_per_s)
{
    *quota = (Quota){.rate_per_s = rate_per_s};
    if (rate_per_s > 0)
        quota->entries = g_new0(QuotaEntry, SET_COUNT * WAY_COUNT);
}

void
quota_clear(Quota *quota)
{
    g_free(quota->entries);
    quota->entries = NULL;
}

/* The entry of this address, or the one to give up for it. */
static QuotaEntry *
find(const Quota *quota, const uint8_t ip[16])
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (uint32_t i = 0; i < 16; i++)
        hash = (hash ^ ip[i]) * 16777619u;
    QuotaEntry *set = &quota->entries[hash % SET_COUNT * WAY_COUNT];
    QuotaEntry *least = set;
    for (uint32_t i = 0; i < WAY_COUNT; i++) {
        if (memcmp(set[i].ip, ip, sizeof set[i].ip) == 0)
            return &set[i];
        if (set[i].full_ns < least->full_ns)
            least = &set[i];
    }
    *least = (QuotaEntry){.full_ns = 0};
    memcpy(least->ip, ip, sizeof least->ip);
    return least;
}

bool
quota_take(Quota *quota, const uint8_t ip[16], int64_t now_ns)
{
    if (quota->rate_per_s == 0)
        return true;
    QuotaEntry *entry = find(quota, ip);
    int64_t token_ns = NS_PER_S / quota->rate_per_s;
    int64_t full_ns = MAX(entry->full_ns, now_ns) + token_ns;
    if (full_ns - now_ns > BURST_NS)
        return false;
    entry->full_ns = full_ns;
    return true;
}
