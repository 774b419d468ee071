/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/rack.c: opens, surveys and describes a sweep's directory.
 *
 * A run gets its name only when it is whole (sim/directory.c), so that all
 * there is to ask of one is whether it is the one that is wanted.
 */
#include "sim/sweep/rack.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/directory.h"
#include "sim/member.h"
#include "sim/yaml/input.h"
#include "sim/yaml/tree.h"

typedef enum RunState {
    RUN_MISSING, /* or interrupted, or without figures */
    RUN_WHOLE,
    RUN_FOREIGN, /* of another scenario, or none of byway's */
} RunState;

static bool
fail(const char *path, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "cannot write results to %s: %s; choose another with -o", path,
                g_strerror(errno));
    return false;
}

static char *
new_run_path(const Rack *rack, uint32_t run)
{
    g_autofree char *name = study_run_name(rack->study, run);
    return g_build_filename(rack->path, "runs", name, NULL);
}

static char *
new_point_path(const Rack *rack, const StudyPoint *point)
{
    g_autofree char *name = g_strconcat(point->name, ".yaml", NULL);
    return g_build_filename(rack->path, "points", name, NULL);
}

static bool
exists(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static bool
has(const TreeNode *map, const char *key, const char *value)
{
    const TreeEntry *entry = tree_find(map, key);
    return entry && entry->value->kind == TREE_SCALAR &&
           g_str_equal(entry->value->text, value);
}

static RunState
judge_manifest(const TreeNode *manifest, const char *sum)
{
    if (manifest->kind != TREE_MAP || !has(manifest, "effective_sha256", sum) ||
        !has(manifest, "version", BYWAY_VERSION))
        return RUN_FOREIGN;
    return has(manifest, "incomplete_reason", "interrupted") ? RUN_MISSING
                                                             : RUN_WHOLE;
}

/* JSON is YAML. */
static RunState
read_manifest(const char *path, const char *sum)
{
    g_autofree char *why = NULL;
    size_t text_bytes = 0;
    g_autofree char *text =
        input_read(path, TREE_TEXT_BYTES_MAX, &text_bytes, &why);
    if (!text)
        return RUN_FOREIGN;
    Tree tree;
    Complaints complaints;
    tree_init(&tree);
    complaints_init(&complaints, path);
    bool is_read =
        tree_parse(&tree, text, text_bytes, &complaints) && tree.root;
    RunState state = is_read ? judge_manifest(tree.root, sum) : RUN_FOREIGN;
    complaints_clear(&complaints);
    tree_clear(&tree);
    return state;
}

static RunState
judge_run(const Rack *rack, uint32_t run)
{
    g_autofree char *path = new_run_path(rack, run);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return RUN_MISSING;
    g_autofree char *manifest = g_build_filename(path, "manifest.json", NULL);
    RunState state = read_manifest(manifest, study_sum(rack->study, run));
    bool has_figures = exists(path, "summary.json");
    return state == RUN_WHOLE && !has_figures ? RUN_MISSING : state;
}

bool
rack_survey(Rack *rack, uint32_t run)
{
    rack->is_whole[run] = judge_run(rack, run) == RUN_WHOLE;
    return rack->is_whole[run];
}

/* False when one of the names is taken by another scenario's run. */
static bool
survey_all(Rack *rack, GError **error)
{
    uint32_t count = study_run_count(rack->study);
    rack->is_whole = g_new0(bool, count);
    for (uint32_t run = 0; run < count; run++) {
        RunState state = judge_run(rack, run);
        rack->is_whole[run] = state == RUN_WHOLE;
        if (state != RUN_FOREIGN)
            continue;
        g_autofree char *path = new_run_path(rack, run);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s is there, of another scenario or version; choose "
                    "another directory with -o, or --force to begin anew",
                    path);
        return false;
    }
    return true;
}

/* A sweep that was killed as it began has left no more than these. */
static bool
is_ours(const char *path)
{
    static const char *const BEGUN[] = {"lock", "points", "runs", NULL};
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    if (exists(path, "sweep.json"))
        return true;
    while (directory && (name = g_dir_read_name(directory))) {
        if (!g_strv_contains(BEGUN, name) || !exists(path, "lock"))
            return false;
    }
    return directory;
}

static bool
take_lock(Rack *rack, bool *ret_is_mistake, GError **error)
{
    g_autofree char *path = g_build_filename(rack->path, "lock", NULL);
    rack->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (rack->lock < 0)
        return fail(rack->path, error);
    if (lockf(rack->lock, F_TLOCK, 0) == 0)
        return true;
    close(rack->lock);
    rack->lock = -1;
    *ret_is_mistake = true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                "%s: another sweep is writing there", rack->path);
    return false;
}

static bool
remove_all(const Rack *rack, GError **error)
{
    static const char *const NAMES[] = {
        "sweep.json",       "runs",          "points", "sweep.csv",
        "sweep_points.csv", "scenario.yaml", "plots"};
    for (guint at = 0; at < G_N_ELEMENTS(NAMES); at++) {
        g_autofree char *path = g_build_filename(rack->path, NAMES[at], NULL);
        if (!directory_remove(path, error))
            return false;
    }
    return true;
}

static void
add_list(GString *json, const GPtrArray *texts)
{
    for (guint at = 0; at < texts->len; at++) {
        g_autoptr(GString) member = g_string_new(NULL);
        member_add_text(member, "", texts->pdata[at]);
        g_string_append(json, member->str + strlen("\"\": "));
    }
    member_end(json, "],\n");
}

static void
add_key(GString *json, const Vary *vary)
{
    g_string_append(json, "{\n");
    member_add_text(json, "key", vary->key);
    g_string_append(json, "\"values\": [\n");
    add_list(json, vary->values);
    if (vary->numbers) {
        member_add_text(json, "unit", vary->unit);
        g_string_append(json, "\"numbers\": [\n");
        for (guint at = 0; at < vary->values->len; at++)
            g_string_append_printf(json, "%.10g,\n", vary->numbers[at]);
        member_end(json, "],\n");
    }
    member_end(json, "},\n");
}

static void
add_point(GString *json, const Study *study, const StudyPoint *point)
{
    g_string_append(json, "{\n");
    member_add_text(json, "point", point->name);
    g_string_append(json, "\"values\": [");
    for (guint at = 0; at < study->varies->len; at++)
        g_string_append_printf(json, "%s%u", at > 0 ? ", " : "",
                               point->values[at]);
    g_string_append(json, "],\n");
    member_end(json, "},\n");
}

static char *
new_description(const Study *study)
{
    GString *json = g_string_new("{\n");
    member_add_text(json, "version", BYWAY_VERSION);
    member_add_text(json, "title", study->title);
    member_add_count(json, "seed", study->seed);
    member_add_count(json, "first_replication", study->first_replication);
    member_add_count(json, "replications", study->replications);
    g_string_append(json, "\"keys\": [\n");
    for (guint at = 0; at < study->varies->len; at++)
        add_key(json, study->varies->pdata[at]);
    member_end(json, "],\n\"points\": [\n");
    for (guint at = 0; at < study->points->len; at++)
        add_point(json, study, study->points->pdata[at]);
    member_end(json, "]\n}\n");
    return g_string_free(json, FALSE);
}

static bool
write_text(const Rack *rack, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(rack->path, name, NULL);
    return g_file_set_contents(path, text, -1, error);
}

static bool
write_study(const Rack *rack, GError **error)
{
    static const char *const INNER[] = {"points", "runs"};
    const Study *study = rack->study;
    for (guint at = 0; at < G_N_ELEMENTS(INNER); at++) {
        g_autofree char *path = g_build_filename(rack->path, INNER[at], NULL);
        if (g_mkdir_with_parents(path, 0777) != 0)
            return fail(path, error);
    }
    for (guint at = 0; at < study->points->len; at++) {
        const StudyPoint *point = study->points->pdata[at];
        g_autofree char *path = new_point_path(rack, point);
        if (!g_file_set_contents(path, point->text, -1, error))
            return false;
    }
    g_autofree char *description = new_description(study);
    return write_text(rack, "sweep.json", description, error) &&
           write_text(rack, "scenario.yaml", study->text, error);
}

bool
rack_open(Rack *rack, const Study *study, const char *path, bool is_forced,
          bool *ret_is_mistake, GError **error)
{
    *rack = (Rack){.study = study, .path = g_strdup(path), .lock = -1};
    bool is_there = g_file_test(path, G_FILE_TEST_EXISTS);
    *ret_is_mistake = is_there && !is_ours(path);
    if (*ret_is_mistake) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s exists and holds no sweep; choose another with -o",
                    path);
        return false;
    }
    if (g_mkdir_with_parents(path, 0777) != 0)
        return fail(path, error);
    if (!take_lock(rack, ret_is_mistake, error) ||
        (is_forced && !remove_all(rack, error)))
        return false;
    if (!survey_all(rack, error)) {
        *ret_is_mistake = true;
        return false;
    }
    return write_study(rack, error);
}

void
rack_close(Rack *rack)
{
    g_autofree char *lock = g_build_filename(rack->path, "lock", NULL);
    if (rack->lock >= 0) {
        g_unlink(lock);
        close(rack->lock);
    }
    g_free(rack->path);
    g_free(rack->is_whole);
}

void
rack_write_order(const Rack *rack, uint32_t run, RunOrder *ret_order)
{
    const StudyPoint *point = study_point(rack->study, run);
    g_autofree char *scenario = new_point_path(rack, point);
    g_autofree char *directory = new_run_path(rack, run);
    *ret_order = (RunOrder){.run = run,
                            .replication = study_replication(rack->study, run)};
    g_strlcpy(ret_order->scenario, scenario, sizeof ret_order->scenario);
    g_strlcpy(ret_order->directory, directory, sizeof ret_order->directory);
}

void
rack_remove_partial(const Rack *rack, uint32_t run)
{
    g_autofree char *path = new_run_path(rack, run);
    g_autofree char *partial = g_strconcat(path, ".partial", NULL);
    directory_remove(partial, NULL);
}
