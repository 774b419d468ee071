/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/codel.c: RFC 8289, section 4.4, one packet a call.
 *
 * The square root of the control law is an integer one: no float decides
 * when a packet is dropped.
 */
#include "sim/codel.h"

#include "core/event.h"

#define TARGET_NS (5 * NS_PER_MS)
#define INTERVAL_NS (100 * NS_PER_MS)
#define MTU_BYTES 1500u

static uint64_t
root(uint64_t value)
{
    uint64_t guess = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1) {
        uint64_t trial = guess | bit;
        if (trial * trial <= value)
            guess = trial;
    }
    return guess;
}

/* INTERVAL / sqrt(count), with 16 bits behind the point. */
static int64_t
control_law(int64_t time_ns, uint32_t drop_count)
{
    uint64_t root_16 = root((uint64_t)drop_count << 32);
    return time_ns + (int64_t)(((uint64_t)INTERVAL_NS << 16) / root_16);
}

static bool
is_above(Codel *codel, int64_t now_ns, int64_t sojourn_ns,
         uint64_t backlog_bytes)
{
    if (sojourn_ns < TARGET_NS || backlog_bytes <= MTU_BYTES) {
        codel->first_above_ns = 0;
        return false;
    }
    if (codel->first_above_ns == 0) {
        codel->first_above_ns = now_ns + INTERVAL_NS;
        return false;
    }
    return now_ns >= codel->first_above_ns;
}

static void
start_dropping(Codel *codel, int64_t now_ns)
{
    uint32_t delta = codel->drop_count - codel->last_drop_count;
    bool is_recent = now_ns - codel->drop_next_ns < 16 * INTERVAL_NS;
    codel->is_dropping = true;
    codel->drop_count = delta > 1 && is_recent ? delta : 1;
    codel->drop_next_ns = control_law(now_ns, codel->drop_count);
    codel->last_drop_count = codel->drop_count;
}

bool
codel_drops(Codel *codel, int64_t now_ns, int64_t sojourn_ns,
            uint64_t backlog_bytes)
{
    bool above = is_above(codel, now_ns, sojourn_ns, backlog_bytes);
    if (!codel->is_dropping) {
        if (above)
            start_dropping(codel, now_ns);
        return above;
    }
    if (!above) {
        codel->is_dropping = false;
        return false;
    }
    if (now_ns < codel->drop_next_ns)
        return false;
    codel->drop_count++;
    codel->drop_next_ns = control_law(codel->drop_next_ns, codel->drop_count);
    return true;
}
