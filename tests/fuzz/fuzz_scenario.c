/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_scenario.c: no text breaks the scenario reader.
 *
 * What it accepts must, written out, be accepted again and be the same. Up to
 * the first 0 byte the input is the file, what follows it one --set option.
 */
#include "sim/scenario.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static void
check_round_trip(const Scenario *scenario)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    GString *first = scenario_write(scenario);
    g_autoptr(Scenario) again =
        scenario_parse(first->str, first->len, "/written", NULL, errors);
    assert(again);
    GString *second = scenario_write(again);
    assert(g_string_equal(first, second));
    g_string_free(first, TRUE);
    g_string_free(second, TRUE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    const uint8_t *end = memchr(bytes, 0, byte_count);
    size_t text_bytes = end ? (size_t)(end - bytes) : byte_count;
    g_autofree char *option =
        end ? g_strndup((const char *)end + 1, byte_count - text_bytes - 1)
            : NULL;
    const char *const overrides[] = {option, NULL};
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Scenario) scenario = scenario_parse(
        (const char *)bytes, text_bytes, "/fuzz", overrides, errors);
    assert((scenario == NULL) == (errors->len > 0));
    if (scenario)
        check_round_trip(scenario);
    return 0;
}
