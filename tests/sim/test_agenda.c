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
    agenda_init(&agenda, 1);
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

static uint64_t
next_draw(uint64_t *draw)
{
    *draw = *draw * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *draw >> 20;
}

/* From the same microsecond to the next hour, and now and then a tie. */
static int64_t
draw_delay_ns(uint64_t *draw)
{
    static const int64_t spans_ns[] = {
        1, NS_PER_US, NS_PER_MS, NS_PER_S, 60 * NS_PER_S, 3600 * NS_PER_S};
    int64_t span_ns = spans_ns[next_draw(draw) % G_N_ELEMENTS(spans_ns)];
    return (int64_t)(next_draw(draw) % (uint64_t)span_ns);
}

static int
compare_entries(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    const AgendaEntry *first = a;
    const AgendaEntry *second = b;
    if (first->time_ns != second->time_ns)
        return first->time_ns < second->time_ns ? -1 : 1;
    return first->key < second->key ? -1 : first->key > second->key;
}

/* The wheel and its two heaps against one sorted list. */
static void
near_and_far_events_of_a_long_life_come_in_order(void)
{
    Agenda agenda;
    agenda_init(&agenda, 1);
    GSequence *sorted = g_sequence_new(g_free);
    uint64_t draw = 7;
    int64_t now_ns = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        bool is_growing = i < 1000 || (i < 90000 && next_draw(&draw) % 2 == 0);
        if (is_growing || agenda.count == 0) {
            AgendaEntry *pushed = g_new(AgendaEntry, 1);
            pushed->time_ns = now_ns + draw_delay_ns(&draw);
            pushed->key = agenda_key(AGENDA_LINK, i);
            g_sequence_insert_sorted(sorted, pushed, compare_entries, NULL);
            agenda_push(&agenda, pushed->time_ns, AGENDA_LINK, i);
            continue;
        }
        GSequenceIter *first = g_sequence_get_begin_iter(sorted);
        const AgendaEntry *expected = g_sequence_get(first);
        g_assert_cmpint(agenda_peek_ns(&agenda), ==, expected->time_ns);
        AgendaEntry popped = agenda_pop(&agenda);
        g_assert_cmpint(popped.time_ns, ==, expected->time_ns);
        g_assert_cmpuint(popped.key, ==, expected->key);
        now_ns = popped.time_ns;
        g_sequence_remove(first);
        g_assert_cmpint(agenda.count, ==, g_sequence_get_length(sorted));
    }
    g_sequence_free(sorted);
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
    agenda_init(&agenda, 1);
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
    agenda_init(&agenda, 1);
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
    g_test_add_func("/agenda/long-life",
                    near_and_far_events_of_a_long_life_come_in_order);
    g_test_add_func("/agenda/ties",
                    at_one_instant_kinds_come_first_then_numbers);
    g_test_add_func("/agenda/lazy",
                    an_entity_that_wants_to_wait_leaves_its_entry_where_it_is);
    return g_test_run();
}
