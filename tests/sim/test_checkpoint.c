/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_checkpoint.c: a run that is cut short and goes on elsewhere.
 *
 * Bare flows on a chain of routers are cut twenty times, at any time; each
 * time another network goes on from the bytes that are left. And the files
 * that hold such bytes: whole, or refused.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "core/event.h"
#include "sim/checkpoint.h"
#include "sim/random.h"
#include "tests/sim/chain.h"
#include "tests/sim/flow_stage.h"

#define CUTS 20
#define UNTIL_NS (60 * NS_PER_S)

static void
run(FlowStage *stage, uint32_t thread_count)
{
    if (thread_count == 0)
        flow_stage_run(stage, UNTIL_NS);
    else
        flow_stage_run_parts(stage, UNTIL_NS, thread_count, true);
}

static void
compare(const FlowStage *uncut, const FlowStage *cut)
{
    NetworkTotal one = network_total(&uncut->network);
    NetworkTotal other = network_total(&cut->network);
    g_assert_cmphex(one.fingerprint, ==, other.fingerprint);
    g_assert_cmpint(memcmp(&one.count, &other.count, sizeof one.count), ==, 0);
    g_assert_cmpuint(one.events, ==, other.events);
    for (uint32_t i = 0; i < uncut->table->count; i++) {
        const Flow *left = &uncut->table->flows[i];
        const Flow *right = &cut->table->flows[i];
        g_assert_cmpint(left->done_ns, ==, right->done_ns);
        g_assert_cmpuint(left->resent_segments, ==, right->resent_segments);
    }
    const Parts *parts = uncut->network.parts;
    if (parts) {
        g_assert_cmpuint(parts->windows, ==, cut->network.parts->windows);
        g_assert_cmpuint(parts->events, ==, cut->network.parts->events);
    }
}

/* Places of cuts among so many looks, in their order. */
static void
draw_cuts(uint64_t looks, uint64_t ret_cuts[CUTS])
{
    RandomStream draws;
    random_init(&draws, (RandomSeed){1, 0}, "knife", "cut");
    for (uint64_t i = 0; i < CUTS; i++) {
        double place = ((double)i + random_unit(&draws)) / CUTS;
        ret_cuts[i] = 1 + (uint64_t)(place * (double)(looks - 2));
    }
}

/* Without threads the network is whole. */
static void
cut_and_compare(uint32_t thread_count, uint32_t other_count)
{
    FlowStage uncut;
    flow_stage_init(&uncut, CHAIN, thread_count > 0);
    run(&uncut, thread_count);
    g_assert_cmpuint(uncut.looks, >, 2 * CUTS);
    uint64_t cuts[CUTS];
    draw_cuts(uncut.looks, cuts);
    Coder kept;
    coder_init_write(&kept);
    for (int i = 0; i <= CUTS; i++) {
        FlowStage stage;
        flow_stage_init(&stage, CHAIN, thread_count > 0);
        if (i > 0)
            flow_stage_go_on(&stage, &kept);
        stage.cut = i < CUTS ? MAX(cuts[i], stage.looks + 2) : 0;
        run(&stage, i % 2 ? other_count : thread_count);
        coder_clear(&kept);
        kept = stage.kept;
        coder_init_write(&stage.kept);
        if (i == CUTS)
            compare(&uncut, &stage);
        flow_stage_clear(&stage);
    }
    flow_stage_clear(&uncut);
}

static void
a_network_goes_on_from_its_bytes(void)
{
    cut_and_compare(0, 0);
}

static void
so_does_one_in_parts_by_any_number_of_threads(void)
{
    cut_and_compare(1, 1);
    cut_and_compare(2, 3);
}

/* --- files --------------------------------------------------------------- */

#define WORDS 300000u

typedef struct Folder {
    char *path;
    CheckpointBuild build;
    uint32_t words[WORDS];
} Folder;

static void
code_words(void *context, Coder *coder)
{
    uint32_t *words = context;
    for (uint32_t i = 0; i < WORDS; i++)
        coder_u32(coder, &words[i]);
}

static CheckpointFile
file_of(const Folder *folder, CheckpointCode code, const uint32_t *words)
{
    return (CheckpointFile){folder->path, "words", &folder->build, code,
                            (void *)words};
}

static Folder *
new_folder(void)
{
    Folder *folder = g_new(Folder, 1);
    folder->path = g_dir_make_tmp("byway-checkpoint-XXXXXX", NULL);
    g_autofree char *inner = g_build_filename(folder->path, "checkpoint", NULL);
    g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
    for (uint32_t i = 0; i < WORDS; i++)
        folder->words[i] = i * i;
    g_autoptr(GError) error = NULL;
    checkpoint_find_build(&folder->build, &error);
    CheckpointFile file = file_of(folder, code_words, folder->words);
    checkpoint_write(&file, &error);
    g_assert_no_error(error);
    return folder;
}

static void
folder_free(Folder *folder)
{
    g_autofree char *inner = g_build_filename(folder->path, "checkpoint", NULL);
    g_autofree char *file = g_build_filename(inner, "words", NULL);
    g_assert_cmpint(g_remove(file), ==, 0);
    g_assert_cmpint(g_rmdir(inner), ==, 0);
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_free(folder->path);
    g_free(folder);
}

/* Longer than what is written at once. */
static void
a_file_gives_back_what_was_written(void)
{
    Folder *folder = new_folder();
    g_autofree uint32_t *words = g_new0(uint32_t, WORDS);
    g_autoptr(GError) error = NULL;
    g_assert_true(checkpoint_has(folder->path, "words"));
    CheckpointFile file = file_of(folder, code_words, words);
    checkpoint_read(&file, &error);
    g_assert_no_error(error);
    g_assert_cmpint(memcmp(words, folder->words, sizeof folder->words), ==, 0);
    folder_free(folder);
}

static void
assert_refused(const Folder *folder, const char *why)
{
    g_autofree uint32_t *words = g_new0(uint32_t, WORDS);
    g_autoptr(GError) error = NULL;
    CheckpointFile file = file_of(folder, code_words, words);
    g_assert_false(checkpoint_read(&file, &error));
    g_assert_nonnull(strstr(error->message, why));
}

/* Any byte but its own, any length but its own: nothing is read. */
static void
a_file_that_is_damaged_is_refused(void)
{
    Folder *folder = new_folder();
    g_autofree char *path =
        g_build_filename(folder->path, "checkpoint", "words", NULL);
    g_autofree char *bytes = NULL;
    gsize byte_count;
    g_assert_true(g_file_get_contents(path, &bytes, &byte_count, NULL));
    const char *why = "no checkpoint, or a damaged one";
    for (gsize place = 0; place < byte_count; place += byte_count / 40) {
        bytes[place] ^= 1;
        g_file_set_contents(path, bytes, (gssize)byte_count, NULL);
        assert_refused(folder, why);
        bytes[place] ^= 1;
        g_file_set_contents(path, bytes, (gssize)place, NULL);
        assert_refused(folder, why);
    }
    folder_free(folder);
}

static void
code_less(void *context, Coder *coder)
{
    coder_bytes(coder, context, 100);
}

static void
a_file_that_holds_something_else_is_refused(void)
{
    Folder *folder = new_folder();
    CheckpointFile file = file_of(folder, code_less, folder->words);
    checkpoint_write(&file, NULL);
    assert_refused(folder, "of another scenario");
    folder_free(folder);
}

static void
a_file_of_another_build_is_refused(void)
{
    Folder *folder = new_folder();
    folder->build.digest[7] ^= 1;
    assert_refused(folder, "another build of byway");
    folder_free(folder);
}

static void
what_cannot_be_written_leaves_what_was_there(void)
{
    Folder *folder = new_folder();
    g_autofree char *in_the_way =
        g_build_filename(folder->path, "checkpoint", "words.new", NULL);
    g_assert_cmpint(g_mkdir(in_the_way, 0700), ==, 0);
    g_autoptr(GError) error = NULL;
    CheckpointFile less = file_of(folder, code_less, folder->words);
    g_assert_false(checkpoint_write(&less, &error));
    g_assert_nonnull(error);
    g_autofree uint32_t *words = g_new0(uint32_t, WORDS);
    CheckpointFile file = file_of(folder, code_words, words);
    g_assert_true(checkpoint_read(&file, NULL));
    g_assert_cmpint(g_rmdir(in_the_way), ==, 0);
    folder_free(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/checkpoint/a_network_goes_on_from_its_bytes",
                    a_network_goes_on_from_its_bytes);
    g_test_add_func("/checkpoint/so_does_one_in_parts_by_any_number_of_threads",
                    so_does_one_in_parts_by_any_number_of_threads);
    g_test_add_func("/checkpoint/a_file_gives_back_what_was_written",
                    a_file_gives_back_what_was_written);
    g_test_add_func("/checkpoint/a_file_that_is_damaged_is_refused",
                    a_file_that_is_damaged_is_refused);
    g_test_add_func("/checkpoint/a_file_that_holds_something_else_is_refused",
                    a_file_that_holds_something_else_is_refused);
    g_test_add_func("/checkpoint/a_file_of_another_build_is_refused",
                    a_file_of_another_build_is_refused);
    g_test_add_func("/checkpoint/what_cannot_be_written_leaves_what_was_there",
                    what_cannot_be_written_leaves_what_was_there);
    return g_test_run();
}
