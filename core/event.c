/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/event.c: counted payload bytes, and copies of commands.
 */
#include "core/event.h"

#include <assert.h>
#include <glib.h>

Chunk *
chunk_new(uint32_t size_bytes)
{
    Chunk *chunk = g_malloc(sizeof *chunk + size_bytes);
    chunk->ref_count = 1;
    chunk->size_bytes = size_bytes;
    chunk->kept_count = 0;
    return chunk;
}

Chunk *
chunk_ref(Chunk *chunk)
{
    assert(chunk->ref_count > 0);
    chunk->ref_count++;
    return chunk;
}

void
chunk_unref(Chunk *chunk)
{
    assert(chunk->ref_count > 0);
    if (--chunk->ref_count == 0)
        g_free(chunk);
}

Command
command_copy(const Command *command)
{
    assert(!command->missing || command->missing_count > 0);
    Command copy = *command;
    copy.name = g_memdup2(command->name, sizeof *command->name);
    copy.missing =
        g_memdup2(command->missing, command->missing_count * sizeof(Range));
    return copy;
}

void
command_clear(Command *command)
{
    g_free((WebName *)command->name);
    g_free((Range *)command->missing);
    command->name = NULL;
    command->missing = NULL;
}
