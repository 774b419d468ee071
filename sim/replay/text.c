/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/text.c: events and effects in words, one line each.
 */
#include "sim/replay/text.h"

#include <string.h>

#define SHOWN_BYTES_MAX 56u
#define SHOWN_BEFORE_BYTES 16u /* of what is equal, before a difference */

static const char *const EVENT_NAMES[] = {
    [EVENT_START] = "start",         [EVENT_WAKE] = "wake",
    [EVENT_COMMAND] = "command",     [EVENT_CONNECTED] = "connected",
    [EVENT_ACCEPTED] = "accepted",   [EVENT_RECEIVED] = "received",
    [EVENT_FORWARDED] = "forwarded", [EVENT_DRAINED] = "drained",
    [EVENT_ENDED] = "ended",         [EVENT_CLOSED] = "closed",
    [EVENT_READ] = "read",           [EVENT_STORED] = "stored",
    [EVENT_RESTORED] = "restored",   [EVENT_STOP] = "stop",
};

static const char *const EFFECT_NAMES[] = {
    [EFFECT_CONNECT] = "connect",
    [EFFECT_WRITE] = "write",
    [EFFECT_WRITE_BODY] = "write_body",
    [EFFECT_EXPECT] = "expect",
    [EFFECT_FORWARD] = "forward",
    [EFFECT_CLOSE] = "close",
    [EFFECT_READ] = "read",
    [EFFECT_DELIVER] = "deliver",
    [EFFECT_STORE] = "store",
    [EFFECT_INTRODUCE] = "introduce",
    [EFFECT_WORK] = "work",
    [EFFECT_NOTE] = "note",
};

static const char *const REASON_NAMES[] = {
    [CLOSE_DONE] = "done",           [CLOSE_REFUSED] = "refused",
    [CLOSE_TIMED_OUT] = "timed out", [CLOSE_RESET] = "reset",
    [CLOSE_PROTOCOL] = "protocol",
};

static const char *const COMMAND_NAMES[] = {
    [COMMAND_FETCH] = "fetch",
    [COMMAND_ADD_FILE] = "add_file",
    [COMMAND_ROTATE] = "rotate",
    [COMMAND_CAPACITY] = "capacity",
    [COMMAND_DRAIN] = "drain",
};

static const char *const WORK_NAMES[WORK_COUNT] = {
    [WORK_SEAL] = "seal",
    [WORK_OPEN] = "open",
    [WORK_RANK] = "rank",
    [WORK_KEY] = "key",
};

#define U64 "%" G_GUINT64_FORMAT

static void
add_time(GString *text, int64_t at_ns)
{
    if (at_ns == TIME_NEVER)
        g_string_append(text, "never");
    else
        g_string_append_printf(text,
                               "%" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT " s",
                               at_ns / NS_PER_S, ABS(at_ns % NS_PER_S));
}

static void
add_hex(GString *text, const uint8_t *bytes, uint32_t byte_count)
{
    for (uint32_t i = 0; i < byte_count; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
}

/* Printable bytes as they are, from some place on. */
static void
add_bytes(GString *text, const uint8_t *bytes, uint64_t byte_count,
          uint64_t from)
{
    uint64_t end = MIN(byte_count, from + SHOWN_BYTES_MAX);
    g_string_append(text, from > 0 ? ", ... \"" : ", \"");
    for (uint64_t at = from; at < end; at++) {
        if (bytes[at] == '\r')
            g_string_append(text, "\\r");
        else if (bytes[at] == '\n')
            g_string_append(text, "\\n");
        else if (bytes[at] == '"' || bytes[at] == '\\')
            g_string_append_printf(text, "\\%c", bytes[at]);
        else if (g_ascii_isprint(bytes[at]))
            g_string_append_c(text, (char)bytes[at]);
        else
            g_string_append_printf(text, "\\x%02x", bytes[at]);
    }
    g_string_append(text, end < byte_count ? "\" ..." : "\"");
}

static void
add_extent(GString *text, const Extent *extent)
{
    g_string_append_printf(
        text, ": " U64 " bytes of file %u version " U64 " from " U64 "%s",
        extent->size_bytes, extent->file, extent->version, extent->offset_bytes,
        extent->is_sealed ? ", sealed" : "");
}

static void
add_chunk(GString *text, const Chunk *chunk)
{
    if (chunk)
        add_bytes(text, chunk->bytes, chunk->size_bytes, 0);
}

static void
add_record(GString *text, const Record *record)
{
    g_string_append(text, ", key ");
    add_hex(text, record->key, record->key_bytes);
    g_string_append(text, record->value_bytes > 0 ? ", value " : ", no value");
    add_hex(text, record->value, record->value_bytes);
}

static void
add_place(GString *text, const Place *place)
{
    g_string_append_printf(
        text,
        ": peer %u, manager %u, key service %u, source %u, region %u, ISP %u",
        place->self, place->manager, place->key_service, place->source,
        place->region, place->isp);
}

/* Not the secret. */
static void
add_command(GString *text, const Command *command)
{
    g_string_append_printf(
        text, ": %s, tag %u, file of " U64 " bytes version " U64 ", value " U64,
        COMMAND_NAMES[command->kind], command->tag, command->file_bytes,
        command->version, command->value);
    if (command->name)
        g_string_append_printf(text, ", from %s%s", command->name->host,
                               command->name->path);
    for (uint32_t i = 0; command->missing && i < command->missing_count; i++)
        g_string_append_printf(text, ", missing " U64 " to " U64,
                               command->missing[i].start_bytes,
                               command->missing[i].end_bytes);
}

static void
add_detail(GString *text, const Event *event)
{
    switch (event->kind) {
    case EVENT_START:
        add_place(text, event->place);
        return;
    case EVENT_COMMAND:
        add_command(text, event->command);
        return;
    case EVENT_RESTORED:
        add_record(text, event->record);
        return;
    case EVENT_ACCEPTED:
        g_string_append_printf(text, ", peer %u", event->accepted.peer);
        return;
    case EVENT_RECEIVED:
        if (!event->received.bytes) {
            add_extent(text, &event->received.extent);
            add_chunk(text, event->received.extent.chunk);
            return;
        }
        g_string_append_printf(text, ": " U64 " bytes",
                               event->received.size_bytes);
        add_bytes(text, event->received.bytes, event->received.size_bytes, 0);
        return;
    case EVENT_FORWARDED:
        g_string_append_printf(text, ": " U64 " bytes",
                               event->forwarded.size_bytes);
        return;
    case EVENT_CLOSED:
        g_string_append_printf(text, ": %s",
                               REASON_NAMES[event->closed.reason]);
        return;
    case EVENT_READ:
        g_string_append_printf(text, ", tag %u, %s", event->read.tag,
                               event->read.is_found ? "found" : "not found");
        add_extent(text, &event->read.extent);
        add_chunk(text, event->read.extent.chunk);
        return;
    case EVENT_STORED:
        g_string_append_printf(text, ", tag %u, %s", event->stored.tag,
                               event->stored.is_durable ? "durable" : "failed");
        return;
    case EVENT_WAKE:
    case EVENT_CONNECTED:
    case EVENT_DRAINED:
    case EVENT_ENDED:
    case EVENT_STOP:
        return;
    }
}

static void
add_stream(GString *text, StreamId stream)
{
    if (stream != STREAM_NONE)
        g_string_append_printf(text, " on stream %u", stream);
}

void
text_add_event(GString *text, const Event *event)
{
    g_string_append(text, EVENT_NAMES[event->kind]);
    add_stream(text, event->stream);
    g_string_append(text, " at ");
    add_time(text, event->now_ns);
    add_detail(text, event);
}

static void
add_body(GString *text, const LoggedEffect *logged, uint32_t from)
{
    if (!logged->has_body)
        return;
    g_string_append_printf(text, ", %u bytes", logged->body_bytes);
    if (logged->body)
        add_bytes(text, logged->body, logged->body_bytes, from);
    else
        g_string_append_printf(text, " of hash %016" G_GINT64_MODIFIER "x",
                               logged->body_hash);
}

static void
add_want(GString *text, const Effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        g_string_append_printf(text, ", peer %u", effect->connect.peer);
        return;
    case EFFECT_WRITE_BODY:
    case EFFECT_DELIVER:
        add_extent(text, &effect->extent);
        return;
    case EFFECT_EXPECT:
        g_string_append_printf(text, ": " U64 " bytes", effect->expect_bytes);
        return;
    case EFFECT_FORWARD:
        g_string_append_printf(text, " to %u: " U64 " bytes",
                               effect->forward.to, effect->forward.size_bytes);
        return;
    case EFFECT_CLOSE:
        g_string_append_printf(text, ": %s",
                               REASON_NAMES[effect->close_reason]);
        return;
    case EFFECT_READ:
        g_string_append_printf(text, ", tag %u: %u bytes from " U64 " of file ",
                               effect->read.tag, effect->read.size_bytes,
                               effect->read.offset_bytes);
        add_hex(text, effect->read.file.bytes, sizeof effect->read.file.bytes);
        return;
    case EFFECT_STORE:
        g_string_append_printf(text, ", tag %u", effect->store.tag);
        return;
    case EFFECT_INTRODUCE:
        g_string_append_printf(text, ": peer %u is ", effect->introduce.peer);
        add_hex(text, effect->introduce.address.ip, 16);
        g_string_append_printf(text, " port %u",
                               effect->introduce.address.port);
        return;
    case EFFECT_WORK:
        g_string_append_printf(text, ": %s, " U64 " units, " U64 " bytes",
                               WORK_NAMES[effect->work.kind],
                               effect->work.units, effect->work.size_bytes);
        return;
    case EFFECT_NOTE:
        g_string_append_printf(text, ": %s, about %u, value " U64,
                               note_name(effect->note.kind), effect->note.about,
                               effect->note.value);
        return;
    case EFFECT_WRITE:
        return;
    }
}

static void
add_effect(GString *text, const char *label, const LoggedEffect *logged,
           uint32_t from)
{
    const Effect *effect = &logged->effect;
    g_string_append_printf(text, "  %-10s %s", label,
                           EFFECT_NAMES[effect->kind]);
    add_stream(text, effect->stream);
    add_want(text, effect);
    add_body(text, logged, from);
    if (effect->kind == EFFECT_STORE)
        add_record(text, &logged->record);
    g_string_append_c(text, '\n');
}

static bool
is_same(LoggedEffect *one, LoggedEffect *other)
{
    Coder coders[2];
    coder_init_write(&coders[0]);
    coder_init_write(&coders[1]);
    logged_effect_code(one, &coders[0]);
    logged_effect_code(other, &coders[1]);
    bool is_same = coders[0].at == coders[1].at &&
                   memcmp(coders[0].out, coders[1].out, coders[0].at) == 0;
    coder_clear(&coders[0]);
    coder_clear(&coders[1]);
    return is_same;
}

/* Where to begin to show the bytes of two effects. */
static uint32_t
shown_from(const LoggedEffect *one, const LoggedEffect *other)
{
    uint32_t at = 0;
    if (!one->body || !other->body)
        return 0;
    uint32_t end = MIN(one->body_bytes, other->body_bytes);
    while (at < end && one->body[at] == other->body[at])
        at++;
    return at + SHOWN_BEFORE_BYTES < SHOWN_BYTES_MAX ? 0
                                                     : at - SHOWN_BEFORE_BYTES;
}

static void
add_wakes(GString *text, int64_t expected_ns, int64_t got_ns)
{
    g_string_append(text, "  expected   to be woken: ");
    add_time(text, expected_ns);
    g_string_append(text, "\n  got        to be woken: ");
    add_time(text, got_ns);
    g_string_append_c(text, '\n');
}

void
text_add_difference(GString *text, LoggedTurn expected, LoggedTurn got)
{
    /* A last effect stands for itself when the other turn has no more. */
    LoggedEffect effects[2] = {0};
    bool has[2];
    uint32_t number = 0;
    do {
        has[0] = logged_turn_next(&expected, &effects[0]);
        has[1] = logged_turn_next(&got, &effects[1]);
        number++;
    } while (has[0] && has[1] && is_same(&effects[0], &effects[1]));
    if (!has[0] && !has[1]) {
        add_wakes(text, expected.wake_ns, got.wake_ns);
        return;
    }
    uint32_t from = has[0] && has[1] ? shown_from(&effects[0], &effects[1]) : 0;
    g_string_append_printf(text, "  effect     %u, of %u expected and %u got\n",
                           number, expected.effect_count, got.effect_count);
    if (has[0])
        add_effect(text, "expected", &effects[0], from);
    else
        g_string_append(text, "  expected   nothing more\n");
    if (has[1])
        add_effect(text, "got", &effects[1], from);
    else
        g_string_append(text, "  got        nothing more\n");
}
