/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/reader_value.c: scalars of a scenario into the fields of a struct.
 */
#include "sim/distribution_text.h"
#include "sim/reader.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define NAME_CHARACTERS                                                        \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define NAME_BYTES_MAX 100u
/* The greatest value of int64_t that a double can hold exactly. */
#define VALUE_MAX 9223372036854774784.0

static void
complain_of_value(Reader *reader, const Slot *slot, const char *why)
{
    complain(reader->complaints, slot->node->mark, "%s: %s", slot->field->key,
             why);
}

/* Take the reason that a parser gave. */
static void
complain_and_free(Reader *reader, const Slot *slot, char *why)
{
    complain_of_value(reader, slot, why);
    g_free(why);
}

static bool
parse_quantity(Reader *reader, const Slot *slot, Quantity *ret_quantity)
{
    const Field *field = slot->field;
    char *why = NULL;
    if (unit_parse(slot->node->text, field->dimension, ret_quantity, &why))
        why = range_complaint(field->range, slot->node->text,
                              ret_quantity->value, field->dimension);
    if (why)
        complain_and_free(reader, slot, why);
    return why == NULL;
}

static void
read_number(Reader *reader, const Slot *slot)
{
    Quantity quantity;
    if (!parse_quantity(reader, slot, &quantity))
        return;
    assert(slot->field->size == sizeof(double));
    memcpy(field_place(slot->field, slot->base), &quantity.value,
           sizeof quantity.value);
}

static void
keep_integer(const Slot *slot, uint64_t whole)
{
    void *place = field_place(slot->field, slot->base);
    uint32_t small = (uint32_t)whole;
    if (slot->field->size == sizeof small) {
        memcpy(place, &small, sizeof small);
    } else {
        assert(slot->field->size == sizeof whole);
        memcpy(place, &whole, sizeof whole);
    }
}

/* Decimals of a unit are rounded to base units, but not to nothing. */
static bool
round_quantity(const Field *field, const Quantity *quantity,
               uint64_t *ret_whole)
{
    if (quantity->is_whole) {
        *ret_whole = quantity->whole;
        return true;
    }
    double whole = round(quantity->value);
    double error = fabs(whole - quantity->value);
    if (whole < 0 || whole > VALUE_MAX)
        return false;
    if (field->dimension == DIMENSION_NONE ? error > 0 : whole < 1 && error > 0)
        return false;
    *ret_whole = (uint64_t)whole;
    return true;
}

static void
read_integer(Reader *reader, const Slot *slot)
{
    const Field *field = slot->field;
    if (field->word_for_max &&
        g_str_equal(slot->node->text, field->word_for_max)) {
        keep_integer(slot, UINT64_MAX);
        return;
    }
    Quantity quantity;
    uint64_t whole = 0;
    if (!parse_quantity(reader, slot, &quantity))
        return;
    if (!round_quantity(field, &quantity, &whole)) {
        complain(reader->complaints, slot->node->mark,
                 "%s: '%s' is not a whole number%s", field->key,
                 slot->node->text,
                 field->dimension == DIMENSION_NONE ? "" : " of base units");
        return;
    }
    bool is_signed = field->dimension != DIMENSION_NONE;
    uint64_t limit = is_signed ? (uint64_t)INT64_MAX : UINT64_MAX;
    limit = field->size == sizeof(uint32_t) ? UINT32_MAX : limit;
    if (whole > limit)
        complain(reader->complaints, slot->node->mark, "%s: '%s' is too large",
                 field->key, slot->node->text);
    else
        keep_integer(slot, whole);
}

static void
read_flag(Reader *reader, const Slot *slot)
{
    bool is_true = g_str_equal(slot->node->text, "true");
    if (!is_true && !g_str_equal(slot->node->text, "false")) {
        complain(reader->complaints, slot->node->mark,
                 "%s: expected true or false, not '%s'", slot->field->key,
                 slot->node->text);
        return;
    }
    memcpy(field_place(slot->field, slot->base), &is_true, sizeof is_true);
}

static void
read_text(Reader *reader, const Slot *slot)
{
    size_t bytes = strlen(slot->node->text) + 1;
    char *text = reader_own(reader, bytes);
    memcpy(text, slot->node->text, bytes);
    memcpy(field_place(slot->field, slot->base), &text, sizeof text);
}

/* Names go into file names, CSV and metrics; letters beyond ASCII may. */
static bool
is_name(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (!strchr(NAME_CHARACTERS, *at) && !((guchar)*at & 0x80))
            return false;
    }
    return *text && strlen(text) <= NAME_BYTES_MAX &&
           g_utf8_validate(text, -1, NULL);
}

static void
read_name(Reader *reader, const Slot *slot)
{
    if (is_name(slot->node->text))
        read_text(reader, slot);
    else
        complain(reader->complaints, slot->node->mark,
                 "%s: '%s' is not a name: letters, digits, '.', '_' and '-', "
                 "at most %u bytes",
                 slot->field->key, slot->node->text, NAME_BYTES_MAX);
}

static bool
find_word(Reader *reader, const Slot *slot, const char *text,
          uint32_t *ret_value)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GString) all = g_string_new(NULL);
    for (const Word *word = slot->field->words; word->word; word++) {
        if (g_str_equal(word->word, text)) {
            *ret_value = word->value;
            return true;
        }
        g_ptr_array_add(words, (char *)word->word);
        g_string_append_printf(all, "%s%s", all->len ? ", " : "", word->word);
    }
    g_ptr_array_add(words, NULL);
    g_autofree char *suggestion =
        complaint_suggestion(text, (const char *const *)words->pdata);
    complain(reader->complaints, slot->node->mark,
             "%s: '%s' is not one of %s%s", slot->field->key, text, all->str,
             suggestion);
    return false;
}

static void
read_word(Reader *reader, const Slot *slot)
{
    uint32_t value = 0;
    if (find_word(reader, slot, slot->node->text, &value))
        keep_integer(slot, value);
}

/* Packets, a size or a time. */
static void
read_queue(Reader *reader, const Slot *slot)
{
    static const struct {
        Dimension dimension;
        PlanQueueUnit unit;
    } CHOICES[] = {
        {DIMENSION_PACKETS, PLAN_QUEUE_PACKETS},
        {DIMENSION_SIZE, PLAN_QUEUE_BYTES},
        {DIMENSION_TIME, PLAN_QUEUE_NS},
    };
    const char *text = slot->node->text;
    PlanQueue queue = {.unit = PLAN_QUEUE_PACKETS};
    for (guint at = 0; at < G_N_ELEMENTS(CHOICES); at++) {
        if (!unit_has(text, CHOICES[at].dimension))
            continue;
        Field field = {.key = slot->field->key,
                       .kind = FIELD_INTEGER,
                       .offset = offsetof(PlanQueue, limit),
                       .size = sizeof queue.limit,
                       .dimension = CHOICES[at].dimension};
        Slot limit = {.field = &field, .base = &queue, .node = slot->node};
        queue.unit = CHOICES[at].unit;
        read_integer(reader, &limit);
        memcpy(field_place(slot->field, slot->base), &queue, sizeof queue);
        return;
    }
    complain(reader->complaints, slot->node->mark,
             "%s: '%s' is not a queue; expected packets, a size or a time "
             "such as '1000 packets', '64 kB' or '100 ms'",
             slot->field->key, text);
}

static void
add_pending(Reader *reader, const Slot *slot, Pending pending)
{
    pending.kind = slot->field->reference;
    pending.key = slot->field->key;
    pending.mark = slot->node->mark;
    g_array_append_val(reader->pendings, pending);
}

/* What a choice picks: a word at once, a name when all names are read. */
static void
read_choice(Reader *reader, const Slot *slot, DistributionPoint *point)
{
    uint32_t value = 0;
    if (slot->field->words) {
        if (find_word(reader, slot, point->name, &value))
            point->value = value;
        return;
    }
    Pending pending = {.name = point->name, .point = point};
    add_pending(reader, slot, pending);
}

static void
read_distribution(Reader *reader, const Slot *slot, Distribution *place)
{
    const Field *field = slot->field;
    DistributionRule rule = {.dimension = field->dimension,
                             .range = field->range,
                             .is_choice = field->reference || field->words,
                             .directory = reader->directory,
                             .owned = reader->scenario->owned};
    char *why = NULL;
    if (!distribution_parse(slot->node->text, &rule, place, &why)) {
        complain_and_free(reader, slot, why);
        return;
    }
    if (!rule.is_choice)
        return;
    /* The points are ours alone until the scenario is handed over. */
    DistributionPoint *points = (DistributionPoint *)place->points;
    for (uint32_t at = 0; at < place->point_count; at++)
        read_choice(reader, slot, &points[at]);
}

static uint32_t
find_isp(const Reader *reader, const char *name)
{
    const PlanNetwork *network = &reader->scenario->network;
    for (uint32_t at = 0; at < network->isp_count; at++) {
        const char *isp = network->isps[at].name;
        if (isp && g_str_equal(isp, name))
            return at;
    }
    return PLAN_NONE;
}

static void
keep_list(const Slot *slot, const void *items, uint32_t count)
{
    memcpy(field_place(slot->field, slot->base), &items, sizeof items);
    memcpy((char *)slot->base + slot->field->count_offset, &count,
           sizeof count);
}

static void
read_per_isp_map(Reader *reader, const Slot *slot)
{
    const PlanNetwork *network = &reader->scenario->network;
    const TreeNode *map = slot->node;
    Distribution *laws =
        reader_own(reader, sizeof *laws * (network->isp_count + 1u));
    for (uint32_t at = 0; at < map->entry_count; at++) {
        const TreeEntry *entry = &map->entries[at];
        Slot value = {.field = slot->field, .node = entry->value};
        uint32_t isp = find_isp(reader, entry->key);
        if (isp == PLAN_NONE)
            complain(reader->complaints, entry->key_mark,
                     "%s: '%s' is not in network.isps", slot->field->key,
                     entry->key);
        else if (entry->value->kind != TREE_SCALAR)
            complain(reader->complaints, entry->value->mark,
                     "%s: expected a distribution", slot->field->key);
        else
            read_distribution(reader, &value, &laws[isp]);
    }
    for (uint32_t at = 0; at < network->isp_count; at++) {
        const char *isp = network->isps[at].name;
        if (isp && !tree_find(map, isp))
            complain(reader->complaints, map->mark, "%s: lacks ISP '%s'",
                     slot->field->key, isp);
    }
    keep_list(slot, laws, network->isp_count);
}

static void
read_per_isp(Reader *reader, const Slot *slot)
{
    if (slot->node->kind == TREE_MAP) {
        read_per_isp_map(reader, slot);
        return;
    }
    Distribution *law = reader_own(reader, sizeof *law);
    read_distribution(reader, slot, law);
    keep_list(slot, law, 1);
}

static void
read_reference(Reader *reader, const Slot *slot)
{
    Pending pending = {.name = slot->node->text};
    void *place = field_place(slot->field, slot->base);
    if (slot->field->kind == FIELD_HOST_END)
        pending.end = place;
    else
        pending.slot = place;
    add_pending(reader, slot, pending);
}

static bool
check_scalar(Reader *reader, const Slot *slot)
{
    const TreeNode *node = slot->node;
    bool may_be_map = slot->field->kind == FIELD_PER_ISP;
    if (node->kind == TREE_MAP && may_be_map)
        return true;
    if (node->kind == TREE_SCALAR && *node->text)
        return true;
    g_autofree char *found = tree_describe(node);
    complain(reader->complaints, node->mark,
             "%s: expected a single value, "
             "not %s",
             slot->field->key, found);
    return false;
}

void
reader_read_value(Reader *reader, const Slot *slot)
{
    if (!check_scalar(reader, slot))
        return;
    switch (slot->field->kind) {
    case FIELD_NUMBER:
        read_number(reader, slot);
        break;
    case FIELD_INTEGER:
        read_integer(reader, slot);
        break;
    case FIELD_FLAG:
        read_flag(reader, slot);
        break;
    case FIELD_TEXT:
        read_text(reader, slot);
        break;
    case FIELD_NAME:
        read_name(reader, slot);
        break;
    case FIELD_WORD:
        read_word(reader, slot);
        break;
    case FIELD_QUEUE:
        read_queue(reader, slot);
        break;
    case FIELD_DISTRIBUTION:
        read_distribution(reader, slot, field_place(slot->field, slot->base));
        break;
    case FIELD_PER_ISP:
        read_per_isp(reader, slot);
        break;
    case FIELD_REFERENCE:
    case FIELD_HOST_END:
        read_reference(reader, slot);
        break;
    case FIELD_SECTION:
    case FIELD_OPTION:
    case FIELD_LIST:
    case FIELD_MAP:
    case FIELD_KIND_COUNT:
        assert(false); /* not a value: see sim/reader.c */
    }
}
