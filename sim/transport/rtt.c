/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/rtt.c: RFC 6298, section 2, with alpha 1/8 and beta 1/4.
 */
#include "sim/transport/rtt.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>

#include "core/event.h"

void
rtt_init(Rtt *rtt)
{
    *rtt = (Rtt){.min_ns = TIME_NEVER};
}

void
rtt_sample(Rtt *rtt, int64_t sample_ns)
{
    assert(sample_ns >= 0);
    rtt->min_ns = MIN(rtt->min_ns, sample_ns);
    if (rtt->srtt_ns == 0) {
        rtt->srtt_ns = MAX(sample_ns, 1);
        rtt->rttvar_ns = sample_ns / 2;
        return;
    }
    int64_t error_ns = llabs(rtt->srtt_ns - sample_ns);
    rtt->rttvar_ns = (3 * rtt->rttvar_ns + error_ns) / 4;
    rtt->srtt_ns = (7 * rtt->srtt_ns + sample_ns) / 8;
}

int64_t
rtt_rto_ns(const Rtt *rtt, int64_t variation_ns_min)
{
    if (rtt->srtt_ns == 0)
        return RTO_INITIAL_NS;
    int64_t variation_ns = MAX(variation_ns_min, 4 * rtt->rttvar_ns);
    return MIN(rtt->srtt_ns + variation_ns, RTO_MAX_NS);
}
