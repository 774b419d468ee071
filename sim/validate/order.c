/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/order.c: proofs that nothing depends on what it must not.
 */
#include <glib.h>

#include "sim/agenda.h"
#include "sim/random.h"
#include "sim/validate/proof.h"

#define SEED 1
#define ENTRIES 60u
#define SHUFFLES 1000u

/* Entries in groups at equal times, kinds and numbers mixed. */
static AgendaEntry
nth_entry(uint32_t index)
{
    AgendaKind kind = (AgendaKind)(index % (AGENDA_SAMPLE + 1));
    return (AgendaEntry){index / 20, agenda_key(kind, index % 7)};
}

static void
shuffle(uint32_t order[ENTRIES], RandomStream *stream)
{
    for (uint32_t i = ENTRIES - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(random_next(stream) % (i + 1));
        uint32_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

/* Push in one order; count where the popped order is not the documented
 * one: time, then kind, then number. */
static uint32_t
count_misplaced(const uint32_t order[ENTRIES])
{
    Agenda agenda;
    agenda_init(&agenda, 1);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        AgendaEntry entry = nth_entry(order[i]);
        agenda_push(&agenda, entry.time_ns, agenda_kind(&entry),
                    (uint32_t)entry.key);
    }
    uint32_t misplaced = 0;
    AgendaEntry last = {-1, 0};
    while (agenda.count > 0) {
        AgendaEntry entry = agenda_pop(&agenda);
        bool is_later = entry.time_ns > last.time_ns;
        bool is_same_time = entry.time_ns == last.time_ns;
        misplaced += !is_later && !(is_same_time && entry.key >= last.key);
        last = entry;
    }
    agenda_clear(&agenda);
    return misplaced;
}

void
proof_order(const double settings[PROOF_SETTINGS_MAX],
            Estimate ret_parts[PROOF_PARTS_MAX])
{
    (void)settings;
    RandomStream stream;
    random_init(&stream, (RandomSeed){SEED, 0}, "agenda", "shuffle");
    uint32_t order[ENTRIES];
    for (uint32_t i = 0; i < ENTRIES; i++)
        order[i] = i;
    uint32_t misplaced = 0;
    for (uint32_t i = 0; i < SHUFFLES; i++) {
        misplaced += count_misplaced(order);
        shuffle(order, &stream);
    }
    ret_parts[0] = (Estimate){misplaced, 0};
}
