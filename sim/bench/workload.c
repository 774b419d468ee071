/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/bench/workload.c: which scenarios are run, and where they are found.
 */
#include "sim/bench/bench.h"

#include "sim/yaml/complaint.h"

/* Of a source checkout, below scenarios/. */
static const char *const FILES[][2] = {
    {"w1", "bench/w1.yaml"},     {"w2", "bench/w2.yaml"},
    {"w3", "bench/w3.yaml"},     {"w4", "bench/w4.yaml"},
    {"w5", "netdisk-full.yaml"},
};
#define CUT_NAME "w5"
#define CUT_KEY "workload.downloads.slow"

/* byway is built in a folder of the checkout. */
static char *
new_checkout_path(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(program ? program : ".");
    g_autofree char *checkout = g_path_get_dirname(folder);
    return g_build_filename(checkout, "scenarios", NULL);
}

/* Below the folder that is wished for, or here, or beside the program. */
static char *
find_file(const char *file, const char *wished, GError **error)
{
    g_autofree char *checkout = new_checkout_path();
    const char *folders[] = {wished ? wished : "scenarios",
                             wished ? wished : checkout};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        char *path = g_build_filename(folders[i], file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return path;
        g_free(path);
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                "there is no %s/%s; --scenarios=DIR tells where the scenarios "
                "of byway's source are",
                folders[0], file);
    return NULL;
}

static bool
refuse(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(FILES) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++)
        names[i] = FILES[i][0];
    g_autofree char *suggestion = complaint_suggestion(name, names);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "no workload '%s': there are w1 to w5, and any SCENARIO.yaml%s",
                name, suggestion);
    return false;
}

static bool
take_scenario(const char *path, Workload *ret_workload, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "there is no scenario %s", path);
        return false;
    }
    *ret_workload =
        (Workload){.name = g_path_get_basename(path), .path = g_strdup(path)};
    return true;
}

bool
workload_find(const char *name, const WorkloadWish *wish,
              Workload *ret_workload, GError **error)
{
    if (g_str_has_suffix(name, ".yaml")) {
        return take_scenario(name, ret_workload, error);
    }
    size_t at = 0;
    while (at < G_N_ELEMENTS(FILES) && !g_str_equal(FILES[at][0], name))
        at++;
    if (at == G_N_ELEMENTS(FILES))
        return refuse(name, error);
    char *path = find_file(FILES[at][1], wish->scenarios, error);
    if (!path)
        return false;
    *ret_workload = (Workload){.name = g_strdup(name), .path = path};
    if (g_str_equal(name, CUT_NAME))
        ret_workload->cut = g_strdup_printf(CUT_KEY "=%u", wish->slow_count);
    return true;
}

void
workload_clear(Workload *workload)
{
    g_free(workload->name);
    g_free(workload->path);
    g_free(workload->cut);
}
