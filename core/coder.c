/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/coder.c: a layout said once, for writing and for reading.
 */
#include "core/coder.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/number.h"

#define SINK_BYTES ((size_t)1 << 20)

void
coder_init_write(Coder *coder)
{
    *coder = (Coder){0};
}

void
coder_init_read(Coder *coder, const uint8_t *bytes, size_t byte_count)
{
    *coder = (Coder){.is_reading = true, .in = bytes, .size_bytes = byte_count};
}

void
coder_clear(Coder *coder)
{
    assert(!coder->is_reading);
    g_free(coder->out);
    coder_init_write(coder);
}

bool
coder_is_whole(const Coder *coder)
{
    assert(coder->is_reading);
    return !coder->is_bad && coder->at == coder->size_bytes;
}

bool
coder_has(Coder *coder, uint64_t byte_count)
{
    assert(coder->is_reading);
    if (byte_count > coder->size_bytes - coder->at)
        coder->is_bad = true;
    return !coder->is_bad;
}

void
coder_flush(Coder *coder)
{
    assert(coder->sink);
    coder->sink(coder->context, coder->out, coder->at);
    coder->at = 0;
}

/* Room for the next bytes to write. */
static uint8_t *
extend(Coder *coder, size_t byte_count)
{
    if (coder->sink && coder->at >= SINK_BYTES)
        coder_flush(coder);
    assert(byte_count <= SIZE_MAX / 4 - coder->at);
    size_t need = coder->at + byte_count;
    if (need > coder->size_bytes) {
        coder->size_bytes = MAX(256, 2 * need);
        coder->out = g_realloc(coder->out, coder->size_bytes);
    }
    uint8_t *room = coder->out + coder->at;
    coder->at = need;
    return room;
}

static uint64_t
code_number(Coder *coder, uint64_t value, uint32_t byte_count)
{
    if (!coder->is_reading) {
        number_put(extend(coder, byte_count), value, byte_count);
        return value;
    }
    if (!coder_has(coder, byte_count))
        return 0;
    coder->at += byte_count;
    return number_at(coder->in + coder->at - byte_count, byte_count);
}

void
coder_u8(Coder *coder, uint8_t *value)
{
    *value = (uint8_t)code_number(coder, *value, 1);
}

void
coder_u16(Coder *coder, uint16_t *value)
{
    *value = (uint16_t)code_number(coder, *value, 2);
}

void
coder_u32(Coder *coder, uint32_t *value)
{
    *value = (uint32_t)code_number(coder, *value, 4);
}

void
coder_u64(Coder *coder, uint64_t *value)
{
    *value = code_number(coder, *value, 8);
}

void
coder_i64(Coder *coder, int64_t *value)
{
    *value = (int64_t)code_number(coder, (uint64_t)*value, 8);
}

void
coder_double(Coder *coder, double *value)
{
    uint64_t bits;
    _Static_assert(sizeof bits == sizeof *value, "IEEE 754 binary64");
    memcpy(&bits, value, sizeof bits);
    coder_u64(coder, &bits);
    memcpy(value, &bits, sizeof bits);
}

uint32_t
coder_choice(Coder *coder, uint32_t value, uint32_t count)
{
    assert(count > 0);
    assert(count <= UINT8_MAX + 1);
    assert(coder->is_reading || value < count);
    uint32_t chosen = (uint32_t)code_number(coder, value, 1);
    if (chosen < count)
        return chosen;
    coder->is_bad = true;
    return 0;
}

void
coder_flag(Coder *coder, bool *value)
{
    *value = coder_choice(coder, *value, 2) == 1;
}

void
coder_bounded(Coder *coder, uint32_t *value, uint32_t max)
{
    assert(coder->is_reading || *value <= max);
    coder_u32(coder, value);
    if (*value <= max)
        return;
    coder->is_bad = true;
    *value = 0;
}

void
coder_bytes(Coder *coder, void *bytes, size_t byte_count)
{
    const uint8_t *place = bytes;
    coder_lend(coder, &place, byte_count);
    if (coder->is_reading && place && byte_count > 0)
        memcpy(bytes, place, byte_count);
}

void
coder_lend(Coder *coder, const uint8_t **bytes, size_t byte_count)
{
    if (coder->is_reading) {
        bool is_there = coder_has(coder, byte_count);
        *bytes = is_there ? coder->in + coder->at : NULL;
        coder->at += is_there ? byte_count : 0;
    } else if (byte_count > 0) {
        memcpy(extend(coder, byte_count), *bytes, byte_count);
    }
}

void *
coder_array(Coder *coder, void *array, size_t count, size_t element_bytes)
{
    bool is_there =
        !coder->is_reading || (count <= SIZE_MAX / element_bytes &&
                               coder_has(coder, count * element_bytes));
    if (coder->is_reading)
        array = is_there && count > 0 ? g_malloc(count * element_bytes) : NULL;
    if (array)
        coder_bytes(coder, array, count * element_bytes);
    return array;
}
