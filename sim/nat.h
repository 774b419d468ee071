/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/nat.h: classes of address translators, and which pairs can meet.
 *
 * The four classes of RFC 3489, section 5, and none. Whether two hosts can
 * open a path by hole punching, each told the other's public endpoint by the
 * manager, is a matter of the two classes: Ford, Srisuresh and Kegel,
 * "Peer-to-Peer Communication Across Network Address Translators" (2005);
 * RFC 5128, section 3. Translators are taken to keep to their class; those
 * that do not are among what the ratios of a scenario stand for.
 */
#pragma once

#include <stdbool.h>

typedef enum NatClass {
    NAT_PUBLIC,          /* no translator */
    NAT_FULL_CONE,       /* one endpoint, which takes from anybody */
    NAT_RESTRICTED_CONE, /* only from addresses that were sent to */
    NAT_PORT_RESTRICTED, /* only from addresses and ports that were sent to */
    NAT_SYMMETRIC,       /* the same, and another endpoint for every peer */
    NAT_CLASS_COUNT,
} NatClass;

/* Whether hosts of these classes can connect, whoever begins. */
bool nat_can_meet(NatClass one, NatClass other);
