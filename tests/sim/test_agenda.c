/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_agenda.c: time orders events, names order equal times.
 */
#include "sim/agenda.h"

#include <glib.h>

#include "core/event.h"

static void
events_come_in_the_order_of_their_times(void)
{
    Agenda agenda;
    agenda_init(&agenda);
    uint64_t draw = 1;
    for (uint32_t i = 0; i < 5000; i++) {
        draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407u;
        agenda_push(&agenda, (int64_t)(draw >> 40), AGENDA_LINK, i);
    }
    int64_t last_ns = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        int64_t next_ns = agenda_peek_ns(&agenda);
        AgendaEntry entry = agenda_pop(&agenda);
        g_assert_cmpint(entry.time_ns, ==, next_ns);
        g_assert_cmpint(entry.time_ns, >=, last_ns);
        last_ns = entry.time_ns;
    }
    g_assert_cmpint(agenda_peek_ns(&agenda), ==, TIME_NEVER);
    g_assert_cmpuint(agenda.popped_total, ==, 5000);
    agenda_clear(&agenda);
}

static void
at_one_instant_kinds_come_first_then_numbers(void)
{
    static const AgendaEntry pushed[] = {
        {5, (uint64_t)AGENDA_SAMPLE << 32},
        {5, (uint64_t)AGENDA_TIMER << 32 | 7},
        {5, (uint64_t)AGENDA_LINK << 32 | 9},
        {5, (uint64_t)AGENDA_TIMER << 32 | 2},
        {5, (uint64_t)AGENDA_PROCESS << 32 | 400},
    };
    static const uint32_t expected[] = {4, 2, 3, 1, 0};
    Agenda agenda;
    agenda_init(&agenda);
    for (uint32_t i = 0; i < G_N_ELEMENTS(pushed); i++)
        agenda_push(&agenda, 5, agenda_kind(&pushed[i]),
                    (uint32_t)pushed[i].key);
    for (uint32_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpuint(agenda_pop(&agenda).key, ==, pushed[expected[i]].key);
    agenda_clear(&agenda);
}

static void
an_entity_that_wants_to_wait_leaves_its_entry_where_it_is(void)
{
    Agenda agenda;
    agenda_init(&agenda);
    int64_t entry_ns = TIME_NEVER;
    uint64_t key = agenda_key(AGENDA_TIMER, 3);
    agenda_move(&agenda, &entry_ns, 100, key);
    agenda_move(&agenda, &entry_ns, 500, key);
    g_assert_cmpuint(agenda.count, ==, 1);
    g_assert_cmpint(entry_ns, ==, 100);
    agenda_move(&agenda, &entry_ns, 40, key);
    g_assert_cmpuint(agenda.count, ==, 2);
    AgendaEntry first = agenda_pop(&agenda);
    g_assert_cmpint(first.time_ns, ==, 40);
    g_assert_cmpint(first.time_ns, ==, entry_ns);
    /* The one left behind is told apart by its time. */
    g_assert_cmpint(agenda_pop(&agenda).time_ns, !=, entry_ns);
    agenda_clear(&agenda);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agenda/times", events_come_in_the_order_of_their_times);
    g_test_add_func("/agenda/ties",
                    at_one_instant_kinds_come_first_then_numbers);
    g_test_add_func("/agenda/lazy",
                    an_entity_that_wants_to_wait_leaves_its_entry_where_it_is);
    return g_test_run();
}
