/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_check.c: what `byway check` and `byway schema` answer.
 *
 * Runs in the root of the sources; each verb in a process of its own, whose
 * output and exit code are looked at.
 */
#include "sim/check.h"

#include <glib.h>
#include <stdlib.h>

/* The verb takes its options out of argv, so the words are kept apart. */
static int
run_check(const char *first, const char *second)
{
    g_autofree char *verb = g_strdup("check");
    g_autofree char *one = g_strdup(first);
    g_autofree char *two = g_strdup(second);
    char *words[] = {verb, one, two, NULL};
    return check_main(second ? 3 : 2, words);
}

/* Passes when the verb leaves with the expected code. */
static void
expect_in_child(int exit_code, const char *first, const char *second)
{
    if (g_test_subprocess())
        exit(run_check(first, second) == exit_code ? 0 : 1);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

static void
a_good_file_is_ok(void)
{
    expect_in_child(0, "scenarios/first.yaml", "scenarios/netdisk.yaml");
    g_test_trap_assert_stdout(
        "*scenarios/first.yaml: ok\nscenarios/netdisk.yaml: ok\n");
    g_test_trap_assert_stderr("");
}

static void
a_bad_file_is_explained_and_the_next_still_read(void)
{
    expect_in_child(2, "tests/sim/bad/missing_unit.yaml",
                    "scenarios/first.yaml");
    g_test_trap_assert_stdout("*scenarios/first.yaml: ok\n");
    g_test_trap_assert_stderr(
        "tests/sim/bad/missing_unit.yaml:7:62: error: delay: '5' lacks a "
        "unit; expected a time such as '5 ms'\n");
}

static void
an_override_is_checked_with_the_file(void)
{
    expect_in_child(2, "--set=general.seed=red", "scenarios/first.yaml");
    g_test_trap_assert_stderr("--set general.seed: error: seed: 'red' is not "
                              "a number; expected a plain number such as "
                              "'3'\n");
}

static void
the_effective_scenario_names_every_default(void)
{
    expect_in_child(0, "--effective", "scenarios/flows/dumbbell.yaml");
    g_test_trap_assert_stdout("*\n    mss: 1448 B\n*");
}

static void
help_has_an_example(void)
{
    expect_in_child(0, "--help", NULL);
    g_test_trap_assert_stdout("*Example:\n  byway check *");
}

static void
an_unknown_option_is_a_usage_error(void)
{
    expect_in_child(2, "--no-such-option", NULL);
    g_test_trap_assert_stderr("byway check: *--no-such-option*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/ok", a_good_file_is_ok);
    g_test_add_func("/check/bad",
                    a_bad_file_is_explained_and_the_next_still_read);
    g_test_add_func("/check/set", an_override_is_checked_with_the_file);
    g_test_add_func("/check/effective",
                    the_effective_scenario_names_every_default);
    g_test_add_func("/check/help", help_has_an_example);
    g_test_add_func("/check/option", an_unknown_option_is_a_usage_error);
    return g_test_run();
}
