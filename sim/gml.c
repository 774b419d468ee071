/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gml.c: GML (Himsolt 1996) into nodes and edges.
 *
 * The text is a list of keys and values; a value is a number, a string or a
 * list in brackets. Of all lists, `node` and `edge` directly in `graph` count.
 */
#include "sim/gml.h"
#include "sim/gml_token.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define NAME_CHARACTERS                                                        \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define NAME_BYTES_MAX 80
#define PLACING_ROUNDS_MAX 1000
#define ID_MAX 9007199254740992.0
#define RATE_MAX 1e15

/* What a node or an edge may say, before it is known to be whole. */
typedef struct GmlEntry {
    bool has_id, has_source, has_target, has_latitude, has_longitude;
    double id, source, target, latitude, longitude, rate_bps;
    char *label;
    uint32_t line;
} GmlEntry;

typedef struct GmlReader {
    Gml *gml;
    GmlScanner scanner;
    GArray *edges; /* GmlEntry: ids of nodes may come after their edges */
    char *why;
} GmlReader;

static void
free_node(void *item)
{
    GmlNode *node = item;
    g_free(node->name);
}

void
gml_init(Gml *gml)
{
    gml->nodes = g_array_new(FALSE, TRUE, sizeof(GmlNode));
    g_array_set_clear_func(gml->nodes, free_node);
    gml->edges = g_array_new(FALSE, TRUE, sizeof(GmlEdge));
    gml->placed_count = 0;
    gml->unplaced_count = 0;
}

void
gml_clear(Gml *gml)
{
    g_array_unref(gml->nodes);
    g_array_unref(gml->edges);
    gml->nodes = NULL;
    gml->edges = NULL;
}

static bool
fail(GmlReader *reader, uint32_t line, const char *problem)
{
    if (!reader->why)
        reader->why = g_strdup_printf("line %u: %s", line, problem);
    return false;
}

static bool
scan(GmlReader *reader)
{
    return gml_scan(&reader->scanner) ||
           fail(reader, reader->scanner.line, reader->scanner.problem);
}

/* Step over the rest of a list whose '[' has been read. */
static bool
skip_list(GmlReader *reader)
{
    for (uint32_t depth = 1; depth > 0;) {
        if (!scan(reader))
            return false;
        if (reader->scanner.kind == GML_END)
            return fail(reader, reader->scanner.line, "a list is not closed");
        if (reader->scanner.kind == GML_OPEN)
            depth++;
        if (reader->scanner.kind == GML_CLOSE)
            depth--;
    }
    return true;
}

/* The next key of a list: *ret_is_end when the list (or text) ends here. */
static bool
scan_key(GmlReader *reader, GmlTokenKind end, bool *ret_is_end)
{
    if (!scan(reader))
        return false;
    *ret_is_end = reader->scanner.kind == end;
    if (*ret_is_end || reader->scanner.kind == GML_WORD)
        return true;
    return fail(reader, reader->scanner.line,
                reader->scanner.kind == GML_END ? "a list is not closed"
                                                : "expected a key");
}

static bool
take_number(GmlReader *reader, bool *ret_has, double *ret_number)
{
    if (reader->scanner.kind != GML_NUMBER)
        return fail(reader, reader->scanner.line, "expected a number");
    if (ret_has)
        *ret_has = true;
    *ret_number = reader->scanner.number;
    return true;
}

static bool
take_label(GmlReader *reader, GmlEntry *entry)
{
    const GmlScanner *scanner = &reader->scanner;
    if (scanner->kind != GML_STRING && scanner->kind != GML_NUMBER)
        return fail(reader, scanner->line, "expected a label");
    g_free(entry->label);
    entry->label = scanner->kind == GML_STRING
                       ? gml_decode(scanner->string, scanner->string_bytes)
                       : g_strdup(scanner->word);
    return true;
}

static bool
read_value(GmlReader *reader, const char *key, GmlEntry *entry)
{
    if (!scan(reader))
        return false;
    /* Edges may have ids too, in any form: "e9". */
    if (g_str_equal(key, "id") && reader->scanner.kind != GML_STRING)
        return take_number(reader, &entry->has_id, &entry->id);
    if (g_str_equal(key, "source"))
        return take_number(reader, &entry->has_source, &entry->source);
    if (g_str_equal(key, "target"))
        return take_number(reader, &entry->has_target, &entry->target);
    if (g_str_equal(key, "Latitude"))
        return take_number(reader, &entry->has_latitude, &entry->latitude);
    if (g_str_equal(key, "Longitude"))
        return take_number(reader, &entry->has_longitude, &entry->longitude);
    if (g_str_equal(key, "LinkSpeedRaw"))
        return take_number(reader, NULL, &entry->rate_bps);
    if (g_str_equal(key, "label"))
        return take_label(reader, entry);
    if (reader->scanner.kind == GML_OPEN)
        return skip_list(reader);
    return reader->scanner.kind != GML_CLOSE ||
           fail(reader, reader->scanner.line, "a key without a value");
}

static bool
read_entry(GmlReader *reader, GmlEntry *entry)
{
    entry->line = reader->scanner.line;
    for (bool is_end = false;;) {
        if (!scan_key(reader, GML_CLOSE, &is_end))
            return false;
        if (is_end)
            return true;
        char key[GML_WORD_BYTES_MAX + 1];
        memcpy(key, reader->scanner.word, sizeof key);
        if (!read_value(reader, key, entry))
            return false;
    }
}

static bool
is_id(double number)
{
    return fabs(number) <= ID_MAX;
}

static bool
add_node(GmlReader *reader, GmlEntry *entry)
{
    Gml *gml = reader->gml;
    bool has_place = entry->has_latitude && entry->has_longitude &&
                     fabs(entry->latitude) <= 90 &&
                     fabs(entry->longitude) <= 180;
    if (!entry->has_id || !is_id(entry->id))
        return fail(reader, entry->line, "a node lacks its id");
    if (gml->nodes->len == GML_NODES_MAX)
        return fail(reader, entry->line, "too many nodes");
    GmlNode node = {.id = (int64_t)entry->id,
                    .name = g_steal_pointer(&entry->label),
                    .latitude = has_place ? entry->latitude : 0,
                    .longitude = has_place ? entry->longitude : 0,
                    .has_place = has_place};
    g_array_append_val(gml->nodes, node);
    return true;
}

static bool
add_edge(GmlReader *reader, const GmlEntry *entry)
{
    if (!entry->has_source || !entry->has_target || !is_id(entry->source) ||
        !is_id(entry->target))
        return fail(reader, entry->line, "an edge lacks source or target");
    if (!(entry->rate_bps >= 0 && entry->rate_bps <= RATE_MAX))
        return fail(reader, entry->line, "LinkSpeedRaw is out of range");
    if (reader->edges->len == GML_EDGES_MAX)
        return fail(reader, entry->line, "too many edges");
    g_array_append_vals(reader->edges, entry, 1);
    return true;
}

static bool
read_member(GmlReader *reader, const char *key)
{
    if (!scan(reader))
        return false;
    bool is_node = g_str_equal(key, "node");
    bool is_edge = g_str_equal(key, "edge");
    if (reader->scanner.kind == GML_CLOSE || reader->scanner.kind == GML_END)
        return fail(reader, reader->scanner.line, "a key without a value");
    if (reader->scanner.kind != GML_OPEN)
        return true;
    if (!is_node && !is_edge)
        return skip_list(reader);
    GmlEntry entry = {0};
    bool is_read =
        read_entry(reader, &entry) &&
        (is_node ? add_node(reader, &entry) : add_edge(reader, &entry));
    if (is_read && is_edge) {
        GmlEntry *kept =
            &g_array_index(reader->edges, GmlEntry, reader->edges->len - 1);
        kept->label = NULL; /* edges are known by their ends */
    }
    g_free(entry.label);
    return is_read;
}

static bool
read_graph(GmlReader *reader)
{
    for (bool is_end = false;;) {
        if (!scan_key(reader, GML_CLOSE, &is_end))
            return false;
        if (is_end)
            return true;
        char key[GML_WORD_BYTES_MAX + 1];
        memcpy(key, reader->scanner.word, sizeof key);
        if (!read_member(reader, key))
            return false;
    }
}

/* What stands before and after the graph is not looked at. */
static bool
read_text(GmlReader *reader)
{
    for (bool is_end = false;;) {
        if (!scan_key(reader, GML_END, &is_end))
            return false;
        if (is_end)
            return fail(reader, reader->scanner.line, "there is no graph");
        bool is_graph = g_str_equal(reader->scanner.word, "graph");
        if (!scan(reader))
            return false;
        bool is_list = reader->scanner.kind == GML_OPEN;
        if (is_graph && is_list)
            return read_graph(reader);
        if (is_list && !skip_list(reader))
            return false;
    }
}

static bool
link_edges(GmlReader *reader)
{
    Gml *gml = reader->gml;
    g_autoptr(GHashTable) indices =
        g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint at = 0; at < gml->nodes->len; at++) {
        GmlNode *node = &g_array_index(gml->nodes, GmlNode, at);
        if (!g_hash_table_insert(indices, &node->id, GUINT_TO_POINTER(at + 1)))
            return fail(reader, 1, "two nodes have the same id");
    }
    for (guint at = 0; at < reader->edges->len; at++) {
        const GmlEntry *entry = &g_array_index(reader->edges, GmlEntry, at);
        int64_t ids[2] = {(int64_t)entry->source, (int64_t)entry->target};
        guint source = GPOINTER_TO_UINT(g_hash_table_lookup(indices, &ids[0]));
        guint target = GPOINTER_TO_UINT(g_hash_table_lookup(indices, &ids[1]));
        if (!source || !target)
            return fail(reader, entry->line, "an edge's end does not exist");
        GmlEdge edge = {.source = source - 1,
                        .target = target - 1,
                        .rate_bps = (uint64_t)entry->rate_bps};
        g_array_append_val(gml->edges, edge);
    }
    return true;
}

/* A label without what a name may not hold, cut at a whole character. */
static char *
make_name(const char *label, int64_t id)
{
    if (!label || !*label)
        return g_strdup_printf("node%" G_GINT64_FORMAT, id);
    char *name = g_strdup(label);
    for (char *at = name; *at; at++) {
        if (!strchr(NAME_CHARACTERS, *at) && !((guchar)*at & 0x80))
            *at = '_';
    }
    if (strlen(name) > NAME_BYTES_MAX)
        *g_utf8_find_prev_char(name, name + NAME_BYTES_MAX) = '\0';
    return name;
}

/* The name itself if it is free, else with its id, which is unique, and
 * should somebody else have that for a label, with more of it. */
static char *
steal_free_name(char *name, int64_t id, GHashTable *taken)
{
    while (g_hash_table_contains(taken, name)) {
        char *longer = g_strdup_printf("%s.%" G_GINT64_FORMAT, name, id);
        g_free(name);
        name = longer;
    }
    return name;
}

static void
name_nodes(Gml *gml)
{
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint at = 0; at < gml->nodes->len; at++) {
        GmlNode *node = &g_array_index(gml->nodes, GmlNode, at);
        g_autofree char *label = node->name;
        node->name =
            steal_free_name(make_name(label, node->id), node->id, taken);
        g_hash_table_add(taken, node->name);
    }
}

typedef struct PlaceSum {
    double latitude;
    double longitude;
    uint32_t count;
} PlaceSum;

static void
add_place(PlaceSum *sum, const GmlNode *node, const bool *is_placed,
          uint32_t index)
{
    if (!is_placed[index])
        return;
    sum->latitude += node->latitude;
    sum->longitude += node->longitude;
    sum->count++;
}

/* One round: nodes beside placed ones get their mean. */
static uint32_t
place_round(Gml *gml, bool *is_placed)
{
    g_autofree PlaceSum *sums = g_new0(PlaceSum, gml->nodes->len);
    GmlNode *nodes = (GmlNode *)(void *)gml->nodes->data;
    for (guint at = 0; at < gml->edges->len; at++) {
        const GmlEdge *edge = &g_array_index(gml->edges, GmlEdge, at);
        add_place(&sums[edge->source], &nodes[edge->target], is_placed,
                  edge->target);
        add_place(&sums[edge->target], &nodes[edge->source], is_placed,
                  edge->source);
    }
    uint32_t placed_count = 0;
    for (guint at = 0; at < gml->nodes->len; at++) {
        if (is_placed[at] || sums[at].count == 0)
            continue;
        nodes[at].latitude = sums[at].latitude / sums[at].count;
        nodes[at].longitude = sums[at].longitude / sums[at].count;
        is_placed[at] = true;
        placed_count++;
    }
    return placed_count;
}

static void
place_nodes(Gml *gml)
{
    g_autofree bool *is_placed = g_new0(bool, gml->nodes->len + 1);
    for (guint at = 0; at < gml->nodes->len; at++) {
        is_placed[at] = g_array_index(gml->nodes, GmlNode, at).has_place;
        gml->unplaced_count += !is_placed[at];
    }
    for (int round = 0; round < PLACING_ROUNDS_MAX; round++) {
        uint32_t placed_count = place_round(gml, is_placed);
        if (placed_count == 0)
            return;
        gml->placed_count += placed_count;
        gml->unplaced_count -= placed_count;
    }
}

bool
gml_parse(Gml *gml, const char *text, size_t text_bytes, char **ret_why)
{
    GmlReader reader = {
        .gml = gml,
        .scanner = {.at = text, .end = text + text_bytes, .line = 1},
        .edges = g_array_new(FALSE, TRUE, sizeof(GmlEntry))};
    bool is_parsed = false;
    if (text_bytes > GML_TEXT_BYTES_MAX)
        fail(&reader, 1, "the file is too long");
    else
        is_parsed = read_text(&reader) && link_edges(&reader);
    g_array_unref(reader.edges);
    if (is_parsed) {
        name_nodes(gml);
        place_nodes(gml);
    }
    *ret_why = reader.why;
    return is_parsed;
}
