/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/chosen.c: words for lost packets.
 */
#include "sim/validate/chosen.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

/* In front of data: SYN-ACK and the ACK of the request. */
#define PACKETS_BEFORE_DATA 2u

/* Data first to last, counted from 1. */
static bool
choose(Chosen *chosen, uint32_t first, uint32_t last)
{
    if (first == 0 || first > last || last + PACKETS_BEFORE_DATA > 64)
        return false;
    for (uint32_t data = first; data <= last; data++)
        chosen->mask |= UINT64_C(1) << (data - 1 + PACKETS_BEFORE_DATA);
    return true;
}

static bool
choose_by_number(Chosen *chosen, const char *words)
{
    uint32_t first;
    uint32_t last;
    int end = 0;
    if (sscanf(words, "data %u..%u%n", &first, &last, &end) == 2 &&
        words[end] == '\0')
        return choose(chosen, first, last);
    if (sscanf(words, "data %u%n", &first, &end) == 1 && words[end] == '\0')
        return choose(chosen, first, first);
    return false;
}

bool
chosen_parse(const char *tag, uint32_t initial_window, uint32_t segment_count,
             Chosen *ret_chosen)
{
    Chosen chosen = {0};
    if (!g_str_has_prefix(tag, CHOSEN_PREFIX))
        return false;
    const char *words = tag + strlen(CHOSEN_PREFIX);
    uint32_t last = segment_count;
    bool is_known = true;
    chosen.is_at_an_edge =
        g_str_has_prefix(words, "last") || g_str_equal(words, "SYN-ACK");
    if (g_str_equal(words, "SYN-ACK"))
        chosen.mask = 1;
    else if (g_str_equal(words, "first data"))
        is_known = choose(&chosen, 1, 1);
    else if (g_str_equal(words, "whole IW"))
        is_known = choose(&chosen, 1, initial_window);
    else if (g_str_equal(words, "last"))
        is_known = choose(&chosen, last, last);
    else if (g_str_equal(words, "last two"))
        is_known = choose(&chosen, last - 1, last);
    else if (g_str_equal(words, "last but one"))
        is_known = choose(&chosen, last - 1, last - 1);
    else if (g_str_equal(words, "last and its probe"))
        is_known = choose(&chosen, last, last + 1);
    else if (!g_str_equal(words, "none"))
        is_known = choose_by_number(&chosen, words);
    if (is_known)
        *ret_chosen = chosen;
    return is_known;
}
