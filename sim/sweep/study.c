/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/study.c: points, their names, and the scenario of each.
 *
 * What a run is, its effective scenario says; the SHA-256 of that is what a
 * run that is already there is known by.
 */
#include "sim/sweep/study.h"

#include <string.h>

#include "sim/yaml/input.h"
#include "sim/yaml/tree.h"

#define NAME_BYTES_MAX 120u
#define SUM_BYTES 16

/* What is read for every point. */
typedef struct Source {
    const StudyWish *wish;
    const char *text;
    size_t text_bytes;
    GPtrArray *errors;
    GHashTable *told; /* of errors, which points may share */
    GHashTable *sums; /* of points, to their names */
} Source;

static void
study_point_free(gpointer data)
{
    StudyPoint *point = data;
    g_free(point->name);
    g_free(point->text);
    g_free(point->values);
    g_ptr_array_unref(point->sums);
    g_free(point);
}

void
study_free(Study *study)
{
    g_ptr_array_unref(study->varies);
    g_ptr_array_unref(study->points);
    g_ptr_array_unref(study->remarks);
    g_free(study->text);
    g_free(study->title);
    g_free(study->output);
    g_free(study);
}

static void G_GNUC_PRINTF(2, 3)
    complain_of(GPtrArray *errors, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(errors, g_strconcat("byway sweep: ", text, NULL));
}

/* Keys that a sweep needs for itself, or that say nothing of a run. */
static bool
check_key(const Study *study, const char *key, GPtrArray *errors)
{
    static const char *const REFUSED[][2] = {
        {"general.replication", "--replications counts it"},
        {"general.output", "runs go below the sweep's output"},
        {"sweep", "a single run has no use for it"},
        {"expect", "points of a sweep have no expectations"},
    };
    for (guint at = 0; at < G_N_ELEMENTS(REFUSED); at++) {
        size_t bytes = strlen(REFUSED[at][0]);
        if (strncmp(key, REFUSED[at][0], bytes) == 0 &&
            (key[bytes] == '\0' || key[bytes] == '.')) {
            complain_of(errors, "'%s' cannot be varied: %s", key,
                        REFUSED[at][1]);
            return false;
        }
    }
    for (guint at = 0; at < study->varies->len; at++) {
        if (g_str_equal(((Vary *)study->varies->pdata[at])->key, key)) {
            complain_of(errors, "'%s' is varied twice", key);
            return false;
        }
    }
    return true;
}

static bool
take_vary(Study *study, Vary *vary, GPtrArray *errors)
{
    bool is_good = check_key(study, vary->key, errors);
    if (is_good)
        g_ptr_array_add(study->varies, vary);
    else
        vary_free(vary);
    return is_good;
}

static bool
find_varies(Study *study, const StudyWish *wish, const PlanSweep *sweep,
            GPtrArray *errors)
{
    bool is_good = true;
    for (guint at = 0; wish->varies && wish->varies[at]; at++) {
        g_autofree char *why = NULL;
        Vary *vary = vary_parse(wish->varies[at], &why);
        if (vary)
            is_good = take_vary(study, vary, errors) && is_good;
        else
            complain_of(errors, "--vary: %s", why);
        is_good = is_good && vary;
    }
    bool is_told = wish->varies && wish->varies[0];
    for (uint32_t at = 0; !is_told && sweep && at < sweep->vary_count; at++)
        is_good =
            take_vary(study, vary_new(&sweep->vary[at]), errors) && is_good;
    return is_good;
}

/* All combinations times replications; false when they are too many. */
static bool
count_points(const Study *study, GPtrArray *errors, uint32_t *ret_count)
{
    uint64_t count = 1;
    for (guint at = 0; at < study->varies->len; at++) {
        const Vary *vary = study->varies->pdata[at];
        count = MIN(count * vary->values->len, UINT32_MAX);
    }
    *ret_count = (uint32_t)count;
    if (count * study->replications <= STUDY_RUNS_MAX)
        return true;
    complain_of(errors, "that are more than %u runs", STUDY_RUNS_MAX);
    return false;
}

static const char *
value_text(const Study *study, const StudyPoint *point, guint key)
{
    const Vary *vary = study->varies->pdata[key];
    return vary->values->pdata[point->values[key]];
}

/* A folder's name: what is not allowed in one is escaped as in an address,
 * so that no two points share one; the end of a long one is a hash. */
static char *
new_name(const Study *study, const StudyPoint *point)
{
    GString *name = g_string_new(NULL);
    for (guint at = 0; at < study->varies->len; at++) {
        const Vary *vary = study->varies->pdata[at];
        g_autofree char *value =
            g_uri_escape_string(value_text(study, point, at), NULL, false);
        g_string_append_printf(name, "%s%s=%s", at > 0 ? "," : "",
                               vary_stem(vary), value);
    }
    if (study->varies->len == 0)
        g_string_assign(name, "base");
    if (name->len > NAME_BYTES_MAX) {
        g_autofree char *sum =
            g_compute_checksum_for_string(G_CHECKSUM_SHA256, name->str, -1);
        g_string_truncate(name, NAME_BYTES_MAX - SUM_BYTES);
        g_string_append_printf(name, "-%.*s", SUM_BYTES, sum);
    }
    return g_string_free(name, FALSE);
}

/* Expectations are of the scenario as it stands, and a run does not vary. */
static GPtrArray *
new_overrides(const Source *source, const Study *study, const StudyPoint *point)
{
    GPtrArray *overrides = g_ptr_array_new_with_free_func(g_free);
    const char *const *given = source->wish->overrides;
    for (; given && *given; given++)
        g_ptr_array_add(overrides, g_strdup(*given));
    g_ptr_array_add(overrides, g_strdup("sweep="));
    g_ptr_array_add(overrides, g_strdup("expect=[]"));
    for (guint at = 0; at < study->varies->len; at++) {
        const Vary *vary = study->varies->pdata[at];
        g_ptr_array_add(
            overrides,
            g_strdup_printf("%s=%s", vary->key, value_text(study, point, at)));
    }
    g_ptr_array_add(overrides, NULL);
    return overrides;
}

static void
take_errors(Source *source, const StudyPoint *point, const GPtrArray *found)
{
    for (guint at = 0; at < found->len; at++) {
        const char *text = found->pdata[at];
        if (g_hash_table_add(source->told, g_strdup(text)))
            g_ptr_array_add(source->errors,
                            g_strdup_printf("at %s: %s", point->name, text));
    }
}

/* What the point's runs are. */
static void
add_sums(const Study *study, StudyPoint *point, Scenario *scenario)
{
    for (uint32_t at = 0; at < study->replications; at++) {
        scenario->general.replication = study->first_replication + at;
        g_autoptr(GString) text = scenario_write(scenario);
        g_ptr_array_add(point->sums,
                        g_compute_checksum_for_string(
                            G_CHECKSUM_SHA256, text->str, (gssize)text->len));
        if (at == 0)
            point->text = g_strndup(text->str, text->len);
    }
}

static void
read_point(Source *source, const Study *study, StudyPoint *point)
{
    g_autoptr(GPtrArray) overrides = new_overrides(source, study, point);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Scenario) scenario =
        scenario_parse(source->text, source->text_bytes, source->wish->path,
                       (const char *const *)overrides->pdata, found);
    take_errors(source, point, found);
    if (!scenario)
        return;
    add_sums(study, point, scenario);
    const char *sum = point->sums->pdata[0];
    const char *twin = g_hash_table_lookup(source->sums, sum);
    if (twin)
        complain_of(source->errors, "%s and %s are the same scenario", twin,
                    point->name);
    else
        g_hash_table_insert(source->sums, (char *)sum, point->name);
}

static void
add_points(Source *source, Study *study, uint32_t point_count)
{
    guint key_count = study->varies->len;
    for (uint32_t number = 0; number < point_count; number++) {
        StudyPoint *point = g_new0(StudyPoint, 1);
        point->values = g_new(uint32_t, key_count + 1);
        point->sums = g_ptr_array_new_with_free_func(g_free);
        uint32_t rest = number;
        for (guint at = key_count; at-- > 0;) {
            const Vary *vary = study->varies->pdata[at];
            point->values[at] = rest % vary->values->len;
            rest /= vary->values->len;
        }
        point->name = new_name(study, point);
        g_ptr_array_add(study->points, point);
        read_point(source, study, point);
    }
}

static void
take_facts(Study *study, const Scenario *scenario, uint32_t replications)
{
    study->title = g_strdup(scenario->title);
    study->output = g_strdup(scenario->general.output);
    study->seed = scenario->general.seed;
    study->first_replication = scenario->general.replication;
    study->replications = replications;
    if (replications == 0)
        study->replications =
            scenario->sweep ? scenario->sweep->replications : 1;
    for (guint at = 0; at < scenario->remarks->len; at++)
        g_ptr_array_add(study->remarks, g_strdup(scenario->remarks->pdata[at]));
}

/* The scenario must be good as it stands before anything of it is varied. */
static bool
fill(Source *source, Study *study)
{
    const StudyWish *wish = source->wish;
    g_autoptr(Scenario) scenario =
        scenario_parse(source->text, source->text_bytes, wish->path,
                       wish->overrides, source->errors);
    uint32_t point_count = 0;
    if (!scenario)
        return false;
    take_facts(study, scenario, wish->replications);
    if (!find_varies(study, wish, scenario->sweep, source->errors) ||
        !count_points(study, source->errors, &point_count))
        return false;
    add_points(source, study, point_count);
    return source->errors->len == 0;
}

Study *
study_new(const StudyWish *wish, GPtrArray *errors)
{
    g_autoptr(Study) study = g_new0(Study, 1);
    study->varies = g_ptr_array_new_with_free_func((GDestroyNotify)vary_free);
    study->points = g_ptr_array_new_with_free_func(study_point_free);
    study->remarks = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *why = NULL;
    size_t text_bytes = 0;
    study->text =
        input_read(wish->path, TREE_TEXT_BYTES_MAX, &text_bytes, &why);
    if (!study->text) {
        g_ptr_array_add(errors,
                        g_strdup_printf("%s: error: %s", wish->path, why));
        return NULL;
    }
    g_autoptr(GHashTable) told =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) sums = g_hash_table_new(g_str_hash, g_str_equal);
    Source source = {wish, study->text, text_bytes, errors, told, sums};
    return fill(&source, study) ? g_steal_pointer(&study) : NULL;
}

uint32_t
study_run_count(const Study *study)
{
    return study->points->len * study->replications;
}

const StudyPoint *
study_point(const Study *study, uint32_t run)
{
    return study->points->pdata[run % study->points->len];
}

uint64_t
study_replication(const Study *study, uint32_t run)
{
    return study->first_replication + run / study->points->len;
}

const char *
study_sum(const Study *study, uint32_t run)
{
    return study_point(study, run)->sums->pdata[run / study->points->len];
}

char *
study_run_name(const Study *study, uint32_t run)
{
    return g_strdup_printf("%s-r%" G_GUINT64_FORMAT,
                           study_point(study, run)->name,
                           study_replication(study, run));
}
