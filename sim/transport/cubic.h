/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/cubic.h: the cubic part of congestion.h.
 */
#pragma once

#include "sim/transport/congestion.h"

void cubic_reset(CongestionWindow *window);
void cubic_sample(CongestionWindow *window, const CongestionAck *ack);
/* Segments to be acked for one more in the window. */
uint32_t cubic_update(CongestionWindow *window, uint32_t acked_packets,
                      int64_t now_ns);
uint32_t cubic_threshold_after_loss(CongestionWindow *window);
