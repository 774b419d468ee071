/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_main.c: fuzzes without libFuzzer.
 *
 *     fuzz_NAME [--seconds N] [--seed S] [FILE or FOLDER ...]
 *
 * Tries the examples and the given files as they are, then mutations of
 * them. The same seed makes the same inputs; the number of the input that
 * aborts is on the last line of output.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

typedef struct Input {
    uint8_t bytes[FUZZ_BYTES_MAX];
    uint32_t size_bytes;
} Input;

typedef struct Fuzzer {
    GPtrArray *seeds; /* of Input: examples and files */
    uint64_t luck;
    Input input; /* the one being tried */
} Fuzzer;

/* SplitMix64. */
static uint64_t
draw(Fuzzer *fuzzer)
{
    fuzzer->luck += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = fuzzer->luck;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint32_t
draw_below(Fuzzer *fuzzer, uint32_t bound)
{
    return (uint32_t)(draw(fuzzer) % bound);
}

/* On the heap and of the exact size, so that a sanitizer sees every read
 * past the end. */
static void
try_input(const Input *input)
{
    uint8_t *copy = g_memdup2(input->bytes, input->size_bytes);
    LLVMFuzzerTestOneInput(copy, input->size_bytes);
    g_free(copy);
}

static void
add_file(Fuzzer *fuzzer, const char *path)
{
    g_autofree gchar *text = NULL;
    gsize size;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, &size, &error))
        g_error("%s", error->message);
    Input *input = g_new0(Input, 1);
    input->size_bytes = (uint32_t)MIN(size, FUZZ_BYTES_MAX);
    memcpy(input->bytes, text, input->size_bytes);
    g_ptr_array_add(fuzzer->seeds, input);
}

static void
add_path(Fuzzer *fuzzer, const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder) {
        add_file(fuzzer, path);
        return;
    }
    const char *name;
    while ((name = g_dir_read_name(folder))) {
        g_autofree gchar *inner = g_build_filename(path, name, NULL);
        add_file(fuzzer, inner);
    }
}

static void
add_examples(Fuzzer *fuzzer)
{
    for (uint32_t n = 0;; n++) {
        Input *input = g_new0(Input, 1);
        input->size_bytes = fuzz_example(n, input->bytes);
        if (input->size_bytes == 0) {
            g_free(input);
            return;
        }
        g_ptr_array_add(fuzzer->seeds, input);
    }
}

/* Put a run of another seed, or of the input itself, somewhere in it. */
static void
splice(Fuzzer *fuzzer, const Input *other)
{
    Input *input = &fuzzer->input;
    if (other->size_bytes == 0)
        return;
    uint32_t from = draw_below(fuzzer, other->size_bytes);
    uint32_t room = FUZZ_BYTES_MAX - input->size_bytes;
    uint32_t run = 1 + draw_below(fuzzer, other->size_bytes - from);
    run = MIN(run, room);
    uint8_t copy[FUZZ_BYTES_MAX];
    memcpy(copy, other->bytes + from, run);
    uint32_t at = draw_below(fuzzer, input->size_bytes + 1);
    memmove(input->bytes + at + run, input->bytes + at, input->size_bytes - at);
    memcpy(input->bytes + at, copy, run);
    input->size_bytes += run;
}

static void
cut(Fuzzer *fuzzer)
{
    Input *input = &fuzzer->input;
    uint32_t at = draw_below(fuzzer, input->size_bytes);
    uint32_t run = 1 + draw_below(fuzzer, input->size_bytes - at);
    memmove(input->bytes + at, input->bytes + at + run,
            input->size_bytes - at - run);
    input->size_bytes -= run;
}

static void
mutate(Fuzzer *fuzzer)
{
    static const uint8_t SHARP[] = {0,   1,   0x7f, 0x80, 0xff, '\r', '\n',
                                    ' ', ':', '0',  '9',  '-',  ',',  '/'};
    Input *input = &fuzzer->input;
    const Input *other =
        fuzzer->seeds->pdata[draw_below(fuzzer, fuzzer->seeds->len)];
    uint32_t kind = input->size_bytes > 0 ? draw_below(fuzzer, 6) : 5;
    uint32_t at =
        input->size_bytes > 0 ? draw_below(fuzzer, input->size_bytes) : 0;
    switch (kind) {
    case 0:
        input->bytes[at] ^= (uint8_t)(1u << draw_below(fuzzer, 8));
        return;
    case 1:
        input->bytes[at] = SHARP[draw_below(fuzzer, sizeof SHARP)];
        return;
    case 2:
        input->bytes[at] = (uint8_t)draw(fuzzer);
        return;
    case 3:
        cut(fuzzer);
        return;
    case 4:
        splice(fuzzer, input);
        return;
    default:
        splice(fuzzer, other);
        return;
    }
}

static uint64_t
run(Fuzzer *fuzzer, double seconds)
{
    uint64_t count = 0;
    for (guint i = 0; i < fuzzer->seeds->len; i++, count++)
        try_input(fuzzer->seeds->pdata[i]);
    g_autoptr(GTimer) timer = g_timer_new();
    while (g_timer_elapsed(timer, NULL) < seconds) {
        const Input *first =
            fuzzer->seeds->pdata[draw_below(fuzzer, fuzzer->seeds->len)];
        fuzzer->input.size_bytes = first->size_bytes;
        memcpy(fuzzer->input.bytes, first->bytes, first->size_bytes);
        uint32_t mutation_count = 1 + draw_below(fuzzer, 6);
        for (uint32_t i = 0; i < mutation_count; i++)
            mutate(fuzzer);
        try_input(&fuzzer->input);
        count++;
    }
    return count;
}

int
main(int argc, char **argv)
{
    double seconds = 5;
    gint64 seed = 1;
    g_auto(GStrv) paths = NULL;
    const GOptionEntry entries[] = {
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "how long", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of the mutations", "S"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL,
         NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new("[CORPUS ...]");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    Fuzzer *fuzzer = g_new0(Fuzzer, 1);
    fuzzer->seeds = g_ptr_array_new_with_free_func(g_free);
    fuzzer->luck = (uint64_t)seed;
    add_examples(fuzzer);
    for (char **path = paths; path && *path; path++)
        add_path(fuzzer, *path);
    if (fuzzer->seeds->len == 0) {
        fprintf(stderr, "no examples: name some files\n");
        return 2;
    }
    uint64_t count = run(fuzzer, seconds);
    printf("seed %" G_GINT64_FORMAT ": %" G_GUINT64_FORMAT " inputs\n", seed,
           count);
    g_ptr_array_free(fuzzer->seeds, TRUE);
    g_free(fuzzer);
    return 0;
}
