/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_config.c: no text breaks the reader of configurations.
 *
 * The first byte chooses the role. What is accepted must be a role that core
 * can play: its constructors assert what the reader has to refuse.
 */
#include "live/config.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

/* No key file is there, so that none is opened. */
#define PATH "/proc/nowhere/byway.yaml"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    const uint8_t seed[32] = {0};
    if (byte_count == 0)
        return 0;
    Role role = (Role)(bytes[0] % ROLE_COUNT);
    ConfigText text = {PATH, (const char *)bytes + 1, byte_count - 1};
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(LiveConfig) config = config_parse(&text, role, errors);
    assert((config == NULL) == (errors->len > 0));
    if (config)
        node_free(node_new(role, config_node_config(config), seed));
    return 0;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    if (n >= ROLE_COUNT)
        return 0;
    g_autoptr(GString) text = g_string_new(NULL);
    config_write_help(text, (Role)n);
    assert(text->len < FUZZ_BYTES_MAX);
    ret_bytes[0] = (uint8_t)n;
    memcpy(ret_bytes + 1, text->str, text->len);
    return (uint32_t)text->len + 1;
}
