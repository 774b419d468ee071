/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/pcap.h: what a link delivers, as a file for tcpdump and Wireshark.
 *
 * One record a packet, stamped with when it reaches the link's far end. Its
 * IPv4 and TCP headers are made up from what the simulator knows: hosts are
 * 10.x.y.z by their number, who accepts does so at port 443, a SYN has
 * sequence 0 and the stream's first byte 1. Payload is left out, and counts as
 * zeros in the TCP checksum. A record's length is the packet's on the link,
 * unless its SACK blocks need more: there they are free, and here they must
 * fit behind the header.
 */
#pragma once

#include "sim/network.h"

typedef struct Pcap Pcap;

/* A new file, for all that the link takes from now on. The link stays where it
 * is, and is not used after the file is closed. */
Pcap *pcap_open(const char *path, Link *link, GError **error);
/* Go on with a file of that kind: pcap_code follows. */
Pcap *pcap_open_again(const char *path, Link *link, GError **error);
/* What is in the file and what waits, written; or read, and the file cut to
 * what it held then. What the disk refuses, the file remembers. */
void pcap_code(Pcap *pcap, Coder *coder);
/* The link has taken a packet, and will deliver it. */
void pcap_take(Pcap *pcap, const Network *network, uint32_t packet);
/* Whether all so far could be written. */
bool pcap_is_good(const Pcap *pcap);
/* Packets that would have come after end_ns are left out. False when any byte
 * did not reach the disk; either way the file is closed. */
bool pcap_close(Pcap *pcap, int64_t end_ns, GError **error);
