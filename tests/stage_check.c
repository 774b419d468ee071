/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/stage_check.c: the stage's files, what was delivered of them, and
 * the trace of notes.
 *
 * A file's content is a function of its number, version and the offset, so
 * nothing is stored and every byte can be checked.
 */
#include "core/dice.h"
#include "tests/stage_world.h"

#include <string.h>

StageFile
stage_add_file(Stage *stage, uint64_t size_bytes, bool has_payload)
{
    StageFile file = {
        .number = stage->files->len,
        .size_bytes = size_bytes,
        .version = 1,
        .has_payload = has_payload,
    };
    for (uint32_t i = 0; i < 32; i++)
        file.id.bytes[i] = (uint8_t)(dice_mix(file.number + 1) >> (i % 8));
    g_array_append_val(stage->files, file);
    return file;
}

static uint8_t
file_byte(const StageFile *file, uint64_t offset_bytes)
{
    uint64_t word = dice_mix(((uint64_t)file->number << 48) ^
                             (file->version << 40) ^ (offset_bytes >> 3));
    return (uint8_t)(word >> (8 * (offset_bytes & 7)));
}

static const StageFile *
find_file(const Stage *stage, const FileId *id)
{
    for (uint32_t i = 0; i < stage->files->len; i++) {
        const StageFile *file = &g_array_index(stage->files, StageFile, i);
        if (memcmp(&file->id, id, sizeof *id) == 0)
            return file;
    }
    return NULL;
}

void
stage_answer_read(Stage *stage, const Task *task)
{
    Event event = {.kind = EVENT_READ, .stream = STREAM_NONE};
    event.read.tag = task->effect.read.tag;
    uint64_t offset_bytes = task->effect.read.offset_bytes;
    const StageFile *file = find_file(stage, &task->effect.read.file);
    if (file) {
        uint64_t size_bytes = 0;
        if (offset_bytes < file->size_bytes)
            size_bytes = MIN(task->effect.read.size_bytes,
                             file->size_bytes - offset_bytes);
        event.read.is_found = true;
        event.read.file_bytes = file->size_bytes;
        event.read.extent = (Extent){
            .offset_bytes = offset_bytes,
            .size_bytes = size_bytes,
            .version = file->version,
            .file = file->number,
        };
        if (file->has_payload && size_bytes > 0) {
            Chunk *chunk = chunk_new((uint32_t)size_bytes);
            for (uint64_t i = 0; i < size_bytes; i++)
                chunk->bytes[i] = file_byte(file, offset_bytes + i);
            event.read.extent.chunk = chunk;
        }
    }
    stage_turn(stage, task->node, &event);
    if (event.read.extent.chunk)
        chunk_unref(event.read.extent.chunk);
}

static uint8_t *
seen_bytes(StageNode *node, const StageFile *file)
{
    if (node->seen->len <= file->number)
        g_ptr_array_set_size(node->seen, (gint)file->number + 1);
    if (!g_ptr_array_index(node->seen, file->number)) {
        GByteArray *seen = g_byte_array_new();
        g_byte_array_set_size(seen, (guint)file->size_bytes);
        memset(seen->data, 0, file->size_bytes);
        g_ptr_array_index(node->seen, file->number) = seen;
    }
    GByteArray *seen = g_ptr_array_index(node->seen, file->number);
    return seen->data;
}

void
stage_check_delivery(Stage *stage, uint32_t id, const Extent *extent)
{
    StageNode *node = stage_node(stage, id);
    g_assert_cmpuint(extent->file, <, stage->files->len);
    const StageFile *file =
        &g_array_index(stage->files, StageFile, extent->file);
    g_assert_false(extent->is_sealed);
    g_assert_cmpuint(extent->version, ==, file->version);
    g_assert_cmpuint(extent->offset_bytes + extent->size_bytes, <=,
                     file->size_bytes);
    g_assert_true(!!extent->chunk == file->has_payload);
    uint8_t *seen = seen_bytes(node, file);
    for (uint64_t i = 0; i < extent->size_bytes; i++) {
        uint64_t at = extent->offset_bytes + i;
        if (seen[at])
            g_error("byte %lu of file %u was delivered twice to %s",
                    (unsigned long)at, file->number, node->name);
        seen[at] = 1;
        if (extent->chunk && extent->chunk->bytes[i] != file_byte(file, at))
            node->damaged_bytes++;
    }
    g_assert_true(node->damaged_bytes == 0 || stage->damage_is_expected);
    node->delivered_bytes += extent->size_bytes;
}

/* A client's notes are about its download, or about an edge. */
static bool
is_about_download(const StageNode *node, NoteKind kind)
{
    static const char *const PREFIXES[] = {"download_", "cdn_", "nodes_",
                                           "key_"};
    if (node_role(node->node) != ROLE_CLIENT)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++)
        if (g_str_has_prefix(note_name(kind), PREFIXES[i]))
            return true;
    return false;
}

void
stage_trace_note(Stage *stage, uint32_t id, const Effect *effect)
{
    StageNode *node = stage_node(stage, id);
    NoteKind kind = effect->note.kind;
    PeerId about = effect->note.about;
    node->note_count[kind]++;
    node->note_sum[kind] += effect->note.value;
    node->note_last[kind] = effect->note.value;
    if (stage->hushed[kind] || node->is_hushed)
        return;
    g_string_append_printf(stage->trace, "%ld ms %s %s ",
                           (long)(stage->now_ns / NS_PER_MS), node->name,
                           note_name(kind));
    if (is_about_download(node, kind))
        g_string_append_printf(stage->trace, "#%u", about);
    else if (about < stage->nodes->len)
        g_string_append(stage->trace, stage_node(stage, about)->name);
    else
        g_string_append(stage->trace, "-");
    g_string_append_printf(stage->trace, " %lu\n",
                           (unsigned long)effect->note.value);
}

void
stage_expect(Stage *stage, const char *text)
{
    const char *actual = stage->trace->str;
    if (strcmp(actual, text) != 0) {
        size_t line = 0;
        for (size_t i = 0; actual[i] == text[i]; i++)
            if (actual[i] == '\n')
                line = i + 1;
        g_test_message("expected from here on:\n%s", text + line);
        g_test_message("but was:\n%s", actual + line);
        g_test_fail();
    }
    g_string_truncate(stage->trace, 0);
}

void
stage_hush(Stage *stage, NoteKind kind)
{
    stage->hushed[kind] = true;
}

void
stage_hush_node(Stage *stage, PeerId peer)
{
    stage_node(stage, peer)->is_hushed = true;
}

void
stage_flip_bit(Stage *stage, PeerId peer)
{
    stage_node(stage, peer)->is_flipping = true;
    stage->damage_is_expected = true;
}

uint64_t
stage_note_count(const Stage *stage, PeerId peer, NoteKind kind)
{
    return stage_node(stage, peer)->note_count[kind];
}

uint64_t
stage_note_sum(const Stage *stage, PeerId peer, NoteKind kind)
{
    return stage_node(stage, peer)->note_sum[kind];
}

uint64_t
stage_note_last(const Stage *stage, PeerId peer, NoteKind kind)
{
    return stage_node(stage, peer)->note_last[kind];
}

uint64_t
stage_work(const Stage *stage, PeerId peer, WorkKind kind)
{
    return stage_node(stage, peer)->work[kind];
}

uint64_t
stage_delivered_bytes(const Stage *stage, PeerId peer)
{
    return stage_node(stage, peer)->delivered_bytes;
}

uint64_t
stage_damaged_bytes(const Stage *stage, PeerId peer)
{
    return stage_node(stage, peer)->damaged_bytes;
}

uint64_t
stage_body_sent_bytes(const Stage *stage, PeerId peer)
{
    return stage_node(stage, peer)->body_sent_bytes;
}

uint32_t
stage_open_stream_count(const Stage *stage, PeerId peer)
{
    const StreamPool *pool = &stage_node(stage, peer)->pool;
    return pool->capacity - pool->free_count;
}
