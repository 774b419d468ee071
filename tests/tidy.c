/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/tidy.c: the house style and the layering, as tests.
 *
 * Planted faults prove that each rule bites; then the whole tree is read.
 */
#include "tests/tidy_rule.h"

#include <stdbool.h>
#include <string.h>

static void
check_file(const char *root, const char *path, GPtrArray *findings)
{
    g_autofree gchar *full = g_build_filename(root, path, NULL);
    g_autofree gchar *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(full, &text, NULL, &error))
        g_error("%s", error->message);
    tidy_check(path, text, findings);
}

static guint
check_folder(const char *root, const char *folder, GPtrArray *findings)
{
    g_autofree gchar *full = g_build_filename(root, folder, NULL);
    g_autoptr(GDir) directory = g_dir_open(full, 0, NULL);
    guint file_count = 0;
    const char *name;
    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree gchar *path = g_strconcat(folder, "/", name, NULL);
        g_autofree gchar *inner = g_build_filename(root, path, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_DIR)) {
            file_count += check_folder(root, path, findings);
        } else if (g_str_has_suffix(name, ".c") ||
                   g_str_has_suffix(name, ".h")) {
            check_file(root, path, findings);
            file_count++;
        }
    }
    return file_count;
}

#define SPDX "/* SPDX-License-Identifier: GPL-3.0-or-later\n"
#define OPENING(path) SPDX " * " path ": a fault planted by a test.\n */\n"

typedef struct Planted {
    const char *path;
    const char *text;
    const char *finding; /* NULL: clean */
} Planted;

static const Planted planted[] = {
    {"core/a.c", "int x(void);\n", "no SPDX line"},
    {"core/a.c", OPENING("core/b.c"), "the path"},
    {"core/a.c", OPENING("core/a.c") "/* fine */\n", NULL},
    {"core/a.c", OPENING("core/a.c") "#include <yaml.h>\n", "may not include"},
    {"core/a.c", OPENING("core/a.c") "#include <gsl/gsl_rng.h>\n",
     "may not include"},
    {"core/a.c", OPENING("core/a.c") "#include \"sim/link.h\"\n",
     "may not include"},
    {"core/a.c", OPENING("core/a.c") "#include <openssl/evp.h>\n",
     "may not include"},
    {"core/seal.c", OPENING("core/seal.c") "#include <openssl/evp.h>\n", NULL},
    {"core/a.c", OPENING("core/a.c") "#include \"turn.h\"\n", "from the root"},
    {"sim/a.c", OPENING("sim/a.c") "#include <sys/socket.h>\n",
     "may not include"},
    {"sim/a.c", OPENING("sim/a.c") "#include <time.h>\n", "may not include"},
    {"sim/a.c", OPENING("sim/a.c") "#include \"live/loop.h\"\n",
     "may not include"},
    {"sim/a.c", OPENING("sim/a.c") "#include \"sim/bench/bench.h\"\n",
     "may not include"},
    {"sim/bench/a.c", OPENING("sim/bench/a.c") "#include \"live/loop.h\"\n",
     "may not include"},
    {"analysis/a.c", OPENING("analysis/a.c") "#include \"core/turn.h\"\n",
     "may not include"},
    {"live/a.c", OPENING("live/a.c") "#include <gsl/gsl_rng.h>\n",
     "may not include"},
    {"live/a.c", OPENING("live/a.c") "#include \"live/testbed/actor.h\"\n",
     "may not include"},
    {"live/testbed/a.c",
     OPENING("live/testbed/a.c") "#include \"analysis/table.h\"\n",
     "may not include"},
    {"live/testbed/a.c",
     OPENING("live/testbed/a.c") "#include \"live/role.h\"\n", NULL},
    {"sim/a.c", OPENING("sim/a.c") "int64_t t = time(NULL);\n", "time()"},
    {"sim/a.c", OPENING("sim/a.c") "/* the time(s) */ f(\"rand()\");\n", NULL},
    {"sim/a.c", OPENING("sim/a.c") "transmit_time(1); link->time(2);\n", NULL},
    {"sim/progress.c", OPENING("sim/progress.c") "f(g_get_monotonic_time());\n",
     NULL},
    {"sim/progress.c", OPENING("sim/progress.c") "f(rand());\n", "rand()"},
    {"live/a.c", OPENING("live/a.c") "f(atoi(text));\n", "atoi()"},
    {"core/a.c", OPENING("core/a.c") "printf(1);\n", "printf()"},
    {"core/a.c", OPENING("core/a.c") "f(GError **error);\n", "GError"},
    {"core/a.c", OPENING("core/a.c") "g_hash_table_iter_init(&i, t);\n",
     "hash table"},
    {"sim/a.c", OPENING("sim/a.c") "int a; // b\n", "'//' comment"},
    {"sim/a.c", OPENING("sim/a.c") "f(\"http://a\");\n", NULL},
    {"sim/a.c",
     OPENING("sim/a.c") "/* TO"
                        "DO: later */\n",
     "unfinished"},
    {"sim/a.c", OPENING("sim/a.c") "#if 0\n", "switched off"},
    {"sim/a.c", OPENING("sim/a.c") "static int count;\n", "not const"},
    {"sim/a.c", OPENING("sim/a.c") "static const char *names[] = {\n};\n",
     "not const"},
    {"sim/a.c", OPENING("sim/a.c") "static const char *const n[] = {\n};\n",
     NULL},
    {"sim/a.c", OPENING("sim/a.c") "static int\nf(void)\n{\n}\n", NULL},
    {"sim/a.c", OPENING("sim/a.c") "void\nf(void)\n{\n    static int n;\n}\n",
     "not const"},
    {"sim/a.c", OPENING("sim/a.c") "Link *first;\n", "global variable"},
    {"sim/a.c",
     OPENING("sim/a.c") "\nvoid\nf(A a, B b, C c, D d, E e, F f)\n"
                        "{\n}\n",
     NULL},
    {"sim/a.c",
     OPENING("sim/a.c") "\nvoid\nf(A a, B b, C c, D d, E e, F f,\n"
                        "  G g)\n{\n}\n",
     "parameters"},
    {"sim/a.c",
     OPENING("sim/a.c") "void\nf(void)\n{\nif (a) {\nif (b) {\nif (c) {\n"
                        "if (d) {\n}\n}\n}\n}\n}\n",
     "nested deeper"},
    {"sim/a.c", OPENING("sim/a.c") "void\nf(void)\n{\n#ifdef A\n#endif\n}\n",
     "preprocessor"},
};

static bool
is_found(const GPtrArray *findings, const char *text)
{
    for (guint i = 0; i < findings->len; i++) {
        if (strstr(findings->pdata[i], text))
            return true;
    }
    return false;
}

static void
planted_faults_are_found_and_clean_text_is_not(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(planted); i++) {
        g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
        tidy_check(planted[i].path, planted[i].text, findings);
        if (planted[i].finding && !is_found(findings, planted[i].finding))
            g_error("\"%s\" passes, not '%s'", planted[i].text,
                    planted[i].finding);
        if (!planted[i].finding && findings->len > 0)
            g_error("\"%s\": %s", planted[i].text,
                    (const char *)findings->pdata[0]);
    }
}

static void
long_files_lines_and_functions_are_found(void)
{
    g_autoptr(GString) text = g_string_new(OPENING("sim/a.c"));
    g_string_append(text, "\nvoid\nf(void)\n{\n");
    for (int i = 0; i < 600; i++)
        g_string_append(text, "    f();\n");
    g_string_append(text, "}\n");
    for (int i = 0; i <= 80; i++)
        g_string_append_c(text, 'x');
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    tidy_check("sim/a.c", text->str, findings);
    g_assert_true(is_found(findings, "file of more than 600 lines"));
    g_assert_true(is_found(findings, "function of more than 70 lines"));
    g_assert_true(is_found(findings, "line of more than 80 columns"));
}

static void
tree_is_tidy(gconstpointer root)
{
    static const char *const folders[] = {"core",    "sim",      "live",
                                          "testbed", "analysis", "tests"};
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    guint file_count = 0;
    check_file(root, "byway.c", findings);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        file_count += check_folder(root, folders[i], findings);
    g_assert_cmpuint(file_count, >, 10);
    for (guint i = 0; i < findings->len; i++)
        g_test_message("%s", (const char *)findings->pdata[i]);
    if (findings->len > 0)
        g_test_fail_printf("%u findings, the first: %s", findings->len,
                           (const char *)findings->pdata[0]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc != 2)
        g_error("usage: tidy SOURCE-ROOT");
    g_test_add_func("/tidy/planted_faults_are_found_and_clean_text_is_not",
                    planted_faults_are_found_and_clean_text_is_not);
    g_test_add_func("/tidy/long_files_lines_and_functions_are_found",
                    long_files_lines_and_functions_are_found);
    g_test_add_data_func("/tidy/tree_is_tidy", argv[1], tree_is_tidy);
    return g_test_run();
}
