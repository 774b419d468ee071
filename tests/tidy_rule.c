/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/tidy_rule.c: the rules of house style and layering.
 *
 * Every rule works on the text of one file, so that planted faults can prove
 * that it bites. Most rules look at "code": the file with comments, strings
 * and character constants blanked, line breaks kept.
 */
#include "tests/tidy_rule.h"

#include <stdbool.h>
#include <string.h>

enum {
    COLUMNS_MAX = 80,
    SOURCE_LINES_MAX = 600,
    HEADER_LINES_MAX = 200,
    FUNCTION_LINES_MAX = 70,
    PARAMETERS_MAX = 6,
    NESTING_MAX = 3,
};

typedef struct Source {
    const char *path; /* from the root, '/' between parts */
    gchar **lines;
    gchar **code; /* the same lines, blanked */
    GPtrArray *findings;
} Source;

/* What a folder's files may include: own prefixes, and system headers beyond
 * ISO C and glib.h (a trailing '/' admits a folder). */
typedef struct Layer {
    const char *folder;
    const char *const *own;
    const char *const *foreign;
} Layer;

/* One file that may do what its layer may not. */
typedef struct Exception {
    const char *path;
    const char *word;
} Exception;

static const char *const iso_headers[] = {
    "assert.h",  "ctype.h",  "errno.h",       "float.h",    "inttypes.h",
    "limits.h",  "math.h",   "signal.h",      "stdalign.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h",      "stdio.h",    "stdlib.h",
    "string.h",  "glib.h",   "stdnoreturn.h", NULL,
};
static const char *const core_own[] = {"core/", NULL};
static const char *const core_foreign[] = {NULL};
/* What drivers need of sim/replay/ is a file to write to. */
static const char *const replay_own[] = {"core/", "sim/replay/", NULL};
static const char *const replay_foreign[] = {"fcntl.h", "glib/", "unistd.h",
                                             NULL};
/* What sim/ wants of analysis/ is the names of the figures to come. */
static const char *const sim_own[] = {"core/", "sim/", "sim/replay/turn_file.h",
                                      "analysis/outline.h", NULL};
/* Modes run in processes of their own, so sim knows processes. */
static const char *const sim_foreign[] = {
    "gsl/",       "yaml.h",     "glib/",       "mpi.h",       "fcntl.h",
    "ftw.h",      "unistd.h",   "sys/mman.h",  "sys/file.h",  "sys/resource.h",
    "sys/stat.h", "sys/wait.h", "sys/prctl.h", "sys/types.h", NULL};
/* The engine's bench runs the program, and reads what its runs leave. */
static const char *const bench_own[] = {"analysis/", "sim/", "sim/bench/",
                                        NULL};
static const char *const bench_foreign[] = {
    "fcntl.h", "jansson.h", "sys/resource.h", "sys/wait.h", "unistd.h", NULL};
static const char *const analysis_own[] = {"analysis/", NULL};
static const char *const analysis_foreign[] = {"gsl/", "jansson.h", "glib/",
                                               "unistd.h", NULL};
static const char *const live_own[] = {"core/", "live/", "sim/yaml/",
                                       "sim/replay/turn_file.h", NULL};
static const char *const live_foreign[] = {
    "yaml.h",  "nghttp2/", "openssl/", "sqlite3.h", "jansson.h", "sys/",
    "net/",    "netinet/", "arpa/",    "netdb.h",   "unistd.h",  "fcntl.h",
    "time.h",  "glib/",    "poll.h",   "getopt.h",  "pthread.h", "linux/",
    "sched.h", "ftw.h",    "grp.h",    "pwd.h",     NULL};

/* Real nodes on simulated links: it knows both, and neither knows it. */
static const char *const testbed_own[] = {"core/", "live/", "sim/",
                                          "live/testbed/", NULL};
static const char *const testbed_foreign[] = {"sys/",     "netinet/", "linux/",
                                              "fcntl.h",  "sched.h",  "time.h",
                                              "unistd.h", NULL};

static const Layer layers[] = {
    {"core/", core_own, core_foreign},
    {"sim/bench/", bench_own, bench_foreign},
    {"sim/replay/", replay_own, replay_foreign},
    {"sim/", sim_own, sim_foreign},
    {"analysis/", analysis_own, analysis_foreign},
    {"live/testbed/", testbed_own, testbed_foreign},
    {"live/", live_own, live_foreign},
};

static const Exception exceptions[] = {
    {"live/http2_stream.c", "parameters"}, /* of nghttp2's callbacks */
    {"tests/live/http2_caller.c", "parameters"},
    {"core/seal.c", "openssl/"},
    {"sim/gang.c", "stdatomic.h"}, /* where threads meet; see tcp_timer */
    {"sim/progress.c", "time.h"},
    {"sim/progress.c", "sys/time.h"},
    {"sim/progress.c", "clock_gettime"},
    {"sim/progress.c", "g_get_monotonic_time"},
    {"sim/progress.c", "g_get_real_time"},
    {"sim/progress.c", "g_date_time_new_now_utc"},
    {"sim/command.c", "g_random_int"}, /* --seed random, which prints it */
};

static const char *const banned_everywhere[] = {
    "strcpy", "strcat", "sprintf", "strtok", "atoi",
    "atol",   "atof",   "alloca",  "gets",   "vsprintf"};
/* Clocks and entropy; the seed and the driver's time are all there is. */
static const char *const banned_in_virtual_time[] = {"time",
                                                     "gettimeofday",
                                                     "clock_gettime",
                                                     "clock",
                                                     "rand",
                                                     "srand",
                                                     "random",
                                                     "drand48",
                                                     "getrandom",
                                                     "localtime",
                                                     "gmtime",
                                                     "g_get_monotonic_time",
                                                     "g_get_real_time",
                                                     "g_random_int",
                                                     "g_random_double",
                                                     "g_rand_new",
                                                     "g_random_int_range",
                                                     "g_date_time_new_now_utc"};
static const char *const banned_in_core[] = {
    "printf", "fprintf", "puts", "fopen",    "fputs",   "fwrite",
    "fread",  "getenv",  "exit", "g_getenv", "g_print", "g_printerr"};

static void G_GNUC_PRINTF(3, 4)
    find(Source *source, guint line_index, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree gchar *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(source->findings, g_strdup_printf("%s:%u: %s", source->path,
                                                      line_index + 1, text));
}

/* The end of the comment or literal that starts at text; NULL if none does. */
static const char *
skip_opaque(const char *text)
{
    if (g_str_has_prefix(text, "/*")) {
        const char *end = strstr(text + 2, "*/");
        return end ? end + 2 : text + strlen(text);
    }
    if (*text != '"' && *text != '\'')
        return NULL;
    const char quote = *text;
    for (text++; *text && *text != quote && *text != '\n'; text++) {
        if (*text == '\\' && text[1])
            text++;
    }
    return *text ? text + 1 : text;
}

static gchar *
blank_opaque(const char *text)
{
    gchar *code = g_strdup(text);
    for (const char *cursor = text; *cursor;) {
        const char *end = skip_opaque(cursor);
        if (!end) {
            cursor++;
            continue;
        }
        for (; cursor < end; cursor++) {
            if (*cursor != '\n')
                code[cursor - text] = ' ';
        }
    }
    return code;
}

static bool
is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

/* Whether line calls (or declares) function `name`. */
static bool
has_call(const char *line, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = strstr(line, name); at; at = strstr(at + 1, name)) {
        bool is_start =
            at == line || (!is_word(at[-1]) && at[-1] != '.' && at[-1] != '>');
        if (is_start && at[size] == '(')
            return true;
    }
    return false;
}

static bool
is_header(const Source *source)
{
    return g_str_has_suffix(source->path, ".h");
}

static void
check_opening(Source *source)
{
    static const char spdx[] = "/* SPDX-License-Identifier: GPL-3.0-or-later";
    g_autofree gchar *second = g_strdup_printf(" * %s: ", source->path);
    if (g_strcmp0(source->lines[0], spdx) != 0)
        find(source, 0, "no SPDX line");
    else if (!source->lines[1] || !g_str_has_prefix(source->lines[1], second))
        find(source, 1, "the second line does not start with the path");
}

static void
check_sizes(Source *source)
{
    guint count = g_strv_length(source->lines);
    guint count_max = is_header(source) ? HEADER_LINES_MAX : SOURCE_LINES_MAX;
    if (count > count_max + 1) /* the last line break opens an empty line */
        find(source, count_max, "file of more than %u lines", count_max);
    for (guint i = 0; i < count; i++) {
        if (g_utf8_strlen(source->lines[i], -1) > COLUMNS_MAX)
            find(source, i, "line of more than %d columns", COLUMNS_MAX);
        if (g_str_has_suffix(source->lines[i], " "))
            find(source, i, "blank at the end of the line");
    }
}

static void
check_comments(Source *source)
{
    for (guint i = 0; source->lines[i]; i++) {
        if (strstr(source->code[i], "//"))
            find(source, i, "'//' comment");
        if (strstr(source->lines[i], "TO"
                                     "DO") ||
            strstr(source->lines[i], "FIX"
                                     "ME"))
            find(source, i, "unfinished work");
        if (g_str_has_prefix(source->lines[i], "#if 0"))
            find(source, i, "code that is switched off");
    }
}

static bool
is_admitted(const char *const *list, const char *name)
{
    for (; *list; list++) {
        if (g_str_has_suffix(*list, "/") ? g_str_has_prefix(name, *list)
                                         : g_str_equal(name, *list))
            return true;
    }
    return false;
}

static bool
is_exception(const char *path, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(exceptions); i++) {
        if (g_str_equal(path, exceptions[i].path) &&
            g_str_has_prefix(name, exceptions[i].word))
            return true;
    }
    return false;
}

static const Layer *
layer_of(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layers); i++) {
        if (g_str_has_prefix(path, layers[i].folder))
            return &layers[i];
    }
    return NULL;
}

/* A folder's leave does not hold for a layer of its own below it. */
static bool
is_own_admitted(const Layer *layer, const char *name)
{
    const Layer *home = layer_of(name);
    for (const char *const *own = layer->own; *own; own++) {
        const char *const one[] = {*own, NULL};
        if (is_admitted(one, name) &&
            (!home || strlen(*own) >= strlen(home->folder)))
            return true;
    }
    return false;
}

static void
check_include(Source *source, guint line_index, const Layer *layer)
{
    const char *line = source->lines[line_index];
    const char *start = strpbrk(line, "\"<");
    const char *end = start ? strpbrk(start + 1, "\">") : NULL;
    if (!end) {
        find(source, line_index, "include that is no plain name");
        return;
    }
    g_autofree gchar *name = g_strndup(start + 1, (gsize)(end - start - 1));
    bool is_own = *start == '"';
    if (is_own && !strchr(name, '/'))
        find(source, line_index, "\"%s\" is not written from the root", name);
    if (!layer)
        return;
    bool is_allowed = is_own ? is_own_admitted(layer, name)
                             : is_admitted(iso_headers, name) ||
                                   is_admitted(layer->foreign, name) ||
                                   is_exception(source->path, name);
    if (!is_allowed)
        find(source, line_index, "%s may not include %s", layer->folder, name);
}

static void
check_includes(Source *source)
{
    const Layer *layer = layer_of(source->path);
    for (guint i = 0; source->lines[i]; i++) {
        if (g_str_has_prefix(source->lines[i], "#include"))
            check_include(source, i, layer);
    }
}

static void
check_banned(Source *source, const char *const *names, size_t name_count)
{
    for (guint i = 0; source->code[i]; i++) {
        for (size_t j = 0; j < name_count; j++) {
            if (has_call(source->code[i], names[j]) &&
                !is_exception(source->path, names[j]))
                find(source, i, "%s() is banned here", names[j]);
        }
    }
}

static void
check_calls(Source *source)
{
    const char *path = source->path;
    bool is_core = g_str_has_prefix(path, "core/");
    bool is_virtual = is_core || g_str_has_prefix(path, "analysis/") ||
                      g_str_has_prefix(path, "sim/");
    check_banned(source, banned_everywhere, G_N_ELEMENTS(banned_everywhere));
    if (is_virtual)
        check_banned(source, banned_in_virtual_time,
                     G_N_ELEMENTS(banned_in_virtual_time));
    if (!is_core)
        return;
    check_banned(source, banned_in_core, G_N_ELEMENTS(banned_in_core));
    for (guint i = 0; source->code[i]; i++) {
        if (strstr(source->code[i], "GError"))
            find(source, i, "core knows no GError");
        /* Tables may be looked up; their order must not reach an event. */
        if (strstr(source->code[i], "g_hash_table_iter_init") ||
            strstr(source->code[i], "g_hash_table_foreach") ||
            strstr(source->code[i], "g_hash_table_get_"))
            find(source, i, "core walks through no hash table");
    }
}

/* Commas between the outermost brackets of the declaration that ends above
 * the brace in line_index: one less than the parameters. */
static guint
count_parameters(const Source *source, guint line_index)
{
    guint start = line_index;
    while (start > 0 && source->code[start - 1][0] != '\0' &&
           source->code[start - 1][0] != '}' &&
           source->code[start - 1][0] != '#')
        start--;
    guint comma_count = 0;
    int depth = 0;
    for (guint i = start; i < line_index; i++) {
        for (const char *c = source->code[i]; *c; c++) {
            depth += (*c == '(') - (*c == ')');
            comma_count += *c == ',' && depth == 1;
        }
    }
    return comma_count + 1;
}

static void
check_functions(Source *source)
{
    int depth = 0;
    guint start = 0;
    bool is_too_deep = false;
    for (guint i = 0; source->code[i]; i++) {
        const char *line = source->code[i];
        if (depth == 0 && g_str_equal(line, "{")) {
            start = i;
            is_too_deep = false;
            if (count_parameters(source, i) > PARAMETERS_MAX &&
                !is_exception(source->path, "parameters"))
                find(source, i, "more than %d parameters", PARAMETERS_MAX);
        }
        if (depth > 0 && g_str_has_prefix(line, "#if") && start > 0)
            find(source, i, "condition of the preprocessor in a body");
        for (const char *c = line; *c; c++)
            depth += (*c == '{') - (*c == '}');
        if (depth > NESTING_MAX + 1 && !is_too_deep) {
            find(source, i, "nested deeper than %d", NESTING_MAX);
            is_too_deep = true;
        }
        if (start > 0 && depth == 0 && g_str_equal(line, "}")) {
            if (i - start + 1 > FUNCTION_LINES_MAX)
                find(source, start, "function of more than %d lines",
                     FUNCTION_LINES_MAX);
            start = 0;
        }
    }
}

/* Whether a declaration (text up to its '=' or ';') can be written to later:
 * neither a function nor const at its last level. */
static bool
is_mutable(const char *declaration)
{
    if (strchr(declaration, '('))
        return false;
    const char *star = strrchr(declaration, '*');
    return !strstr(star ? star : declaration, "const");
}

static void
check_static(Source *source, guint line_index)
{
    const char *line = source->code[line_index];
    const char *start = line + strspn(line, " ");
    if (!g_str_has_prefix(start, "static ") ||
        g_str_has_prefix(start, "static inline"))
        return;
    /* "static int" with the function's name on the next line is none. */
    const char *next = source->code[line_index + 1];
    g_autofree gchar *both = g_strconcat(start, " ", next ? next : "", NULL);
    gchar *end = strpbrk(both, "=;{");
    if (end)
        *end = '\0';
    if (is_mutable(both))
        find(source, line_index, "static that is not const");
}

static void
check_globals(Source *source)
{
    static const char *const harmless[] = {"typedef ", "__extension__ typedef ",
                                           "struct ",  "enum ",
                                           "union ",   "extern ",
                                           "}",        "#",
                                           "static ",  "_Static"};
    int depth = 0;
    for (guint i = 0; source->code[i]; i++) {
        const char *line = source->code[i];
        check_static(source, i);
        bool is_global = depth == 0 && is_word(line[0]) &&
                         strpbrk(line, ";=") && !strpbrk(line, "()");
        for (size_t j = 0; j < G_N_ELEMENTS(harmless); j++)
            is_global = is_global && !g_str_has_prefix(line, harmless[j]);
        if (is_global && !strstr(line, "const "))
            find(source, i, "global variable");
        for (const char *c = line; *c; c++)
            depth += (*c == '{') - (*c == '}');
    }
}

void
tidy_check(const char *path, const char *text, GPtrArray *findings)
{
    g_autofree gchar *code = blank_opaque(text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) code_lines = g_strsplit(code, "\n", -1);
    Source source = {path, lines, code_lines, findings};
    for (guint i = 0; code_lines[i]; i++)
        g_strchomp(code_lines[i]);
    check_opening(&source);
    check_sizes(&source);
    check_comments(&source);
    check_includes(&source);
    check_calls(&source);
    check_functions(&source);
    check_globals(&source);
}
