/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_unit.c: what people write is what the simulator computes in.
 */
#include "sim/yaml/unit.h"

#include <glib.h>

static void
check_value(const char *text, Dimension dimension, double expected)
{
    Quantity quantity;
    char *why = NULL;
    g_assert_true(unit_parse(text, dimension, &quantity, &why));
    g_assert_cmpfloat(quantity.value, ==, expected);
}

static void
check_refused(const char *text, Dimension dimension, const char *expected)
{
    Quantity quantity;
    g_autofree char *why = NULL;
    g_assert_false(unit_parse(text, dimension, &quantity, &why));
    g_assert_cmpstr(why, ==, expected);
}

static void
times_become_nanoseconds(void)
{
    check_value("5 ms", DIMENSION_TIME, 5e6);
    check_value("5ms", DIMENSION_TIME, 5e6);
    check_value("0.3 ms", DIMENSION_TIME, 3e5);
    check_value("2 min", DIMENSION_TIME, 120e9);
    check_value("1.5 h", DIMENSION_TIME, 5400e9);
    check_value("30 d", DIMENSION_TIME, 2592000e9);
    check_value("1e-3 s", DIMENSION_TIME, 1e6);
    check_value("0", DIMENSION_TIME, 0);
}

static void
rates_become_bits_per_second(void)
{
    check_value("10 Mbit/s", DIMENSION_RATE, 10e6);
    check_value("10 Mbps", DIMENSION_RATE, 10e6);
    check_value("10 Mbit", DIMENSION_RATE, 10e6);
    check_value("1 MB/s", DIMENSION_RATE, 8e6);
    check_value("1 MiB/s", DIMENSION_RATE, 8388608);
    check_value("64 kbit/s", DIMENSION_RATE, 64000);
    check_value("64 Kbit/s", DIMENSION_RATE, 64000);
}

static void
k_is_a_thousand_and_ki_is_1024(void)
{
    check_value("1 kB", DIMENSION_SIZE, 1000);
    check_value("1 KB", DIMENSION_SIZE, 1000);
    check_value("1 KiB", DIMENSION_SIZE, 1024);
    check_value("6 k", DIMENSION_NONE, 6000);
    check_value("6 Ki", DIMENSION_NONE, 6144);
}

static void
five_percent_is_the_same_double_as_its_decimal(void)
{
    check_value("5 %", DIMENSION_RATIO, 0.05);
    check_value("12.7 %", DIMENSION_RATIO, 0.127);
    check_value("0.05", DIMENSION_RATIO, 0.05);
}

static void
whole_numbers_stay_exact_beyond_doubles(void)
{
    Quantity quantity;
    char *why = NULL;
    g_assert_true(
        unit_parse("9007199254740993", DIMENSION_NONE, &quantity, &why));
    g_assert_true(quantity.is_whole);
    g_assert_cmpuint(quantity.whole, ==, 9007199254740993u);
}

static void
megabytes_that_may_be_megabits_are_refused(void)
{
    check_refused("3 MBps", DIMENSION_RATE,
                  "'MBps' means bits in some tools and bytes in others: write "
                  "'MB/s' for bytes or 'Mbit/s' for bits");
}

static void
units_are_told_apart_by_case(void)
{
    check_refused("3 MS", DIMENSION_TIME,
                  "'3 MS' has no unit that is known; expected a time such as "
                  "'5 ms'; did you mean 'ms'?");
}

static void
another_dimension_is_named(void)
{
    check_refused("3 Mbit/s", DIMENSION_SIZE,
                  "'3 Mbit/s' is a rate; expected a size such as '64 kB'");
    check_refused("3", DIMENSION_RATE,
                  "'3' lacks a unit; expected a rate such as '10 Mbit/s'");
    check_refused("5 %", DIMENSION_TIME,
                  "'5 %' is a share; expected a time such as '5 ms'");
}

static void
numbers_that_are_none_are_refused(void)
{
    static const char *const TEXTS[] = {
        "",       " ",      "ms",  "1.2.3 ms", "1e",
        "- 5 ms", "5,5 ms", "nan", "1e999 s",  "0x10 ms"};
    for (guint at = 0; at < G_N_ELEMENTS(TEXTS); at++) {
        Quantity quantity;
        g_autofree char *why = NULL;
        g_assert_false(unit_parse(TEXTS[at], DIMENSION_TIME, &quantity, &why));
        g_assert_nonnull(why);
    }
}

static void
a_written_quantity_reads_back_the_same(void)
{
    static const uint64_t WHOLES[] = {0,
                                      1,
                                      1500,
                                      60000000000,
                                      90000000000,
                                      86400000000000,
                                      1234567890123456789};
    static const Dimension DIMENSIONS[] = {
        DIMENSION_TIME, DIMENSION_FINE_TIME, DIMENSION_RATE,
        DIMENSION_SIZE, DIMENSION_PACKETS,   DIMENSION_NONE};
    for (guint at = 0; at < G_N_ELEMENTS(WHOLES); at++) {
        for (guint i = 0; i < G_N_ELEMENTS(DIMENSIONS); i++) {
            g_autoptr(GString) text = g_string_new(NULL);
            Quantity quantity;
            char *why = NULL;
            unit_write(text, WHOLES[at], DIMENSIONS[i]);
            g_assert_true(
                unit_parse(text->str, DIMENSIONS[i], &quantity, &why));
            g_assert_true(quantity.is_whole);
            g_assert_cmpuint(quantity.whole, ==, WHOLES[at]);
        }
    }
}

static void
a_written_double_reads_back_to_its_last_bit(void)
{
    static const double VALUES[] = {0.1, 1.0 / 3, 0.05, 2.718281828459045e-7,
                                    24.1e6};
    for (guint at = 0; at < G_N_ELEMENTS(VALUES); at++) {
        g_autoptr(GString) text = g_string_new(NULL);
        unit_write_value(text, VALUES[at], DIMENSION_RATE);
        check_value(text->str, DIMENSION_RATE, VALUES[at]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unit/time", times_become_nanoseconds);
    g_test_add_func("/unit/rate", rates_become_bits_per_second);
    g_test_add_func("/unit/kilo", k_is_a_thousand_and_ki_is_1024);
    g_test_add_func("/unit/percent",
                    five_percent_is_the_same_double_as_its_decimal);
    g_test_add_func("/unit/exact", whole_numbers_stay_exact_beyond_doubles);
    g_test_add_func("/unit/mbps", megabytes_that_may_be_megabits_are_refused);
    g_test_add_func("/unit/case", units_are_told_apart_by_case);
    g_test_add_func("/unit/dimension", another_dimension_is_named);
    g_test_add_func("/unit/number", numbers_that_are_none_are_refused);
    g_test_add_func("/unit/whole_back", a_written_quantity_reads_back_the_same);
    g_test_add_func("/unit/double_back",
                    a_written_double_reads_back_to_its_last_bit);
    return g_test_run();
}
