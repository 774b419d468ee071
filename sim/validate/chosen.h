/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/chosen.h: which packets a measurement lost on purpose.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CHOSEN_PREFIX "lost: "

/* What the words of a tag mean on the link towards the client: SYN-ACK, the
 * ACK of the request, data 1, data 2 ... */
typedef struct Chosen {
    uint64_t mask;      /* bit i: the i-th packet */
    bool is_at_an_edge; /* the SYN-ACK or the tail, where timers decide */
} Chosen;

/* "lost: data 31..40", "lost: last two" ...; false for other words, or when
 * a packet lies beyond the mask. */
bool chosen_parse(const char *tag, uint32_t initial_window,
                  uint32_t segment_count, Chosen *ret_chosen);
