/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/unit.c: the table of units, and numbers that carry one.
 */
#include "sim/yaml/unit.h"
#include "sim/yaml/complaint.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef struct Unit {
    const char *name;
    Dimension dimension;
    uint64_t scale; /* base units in one */
} Unit;

#define KIBI UINT64_C(1024)
#define NS_MINUTE UINT64_C(60000000000)

/* Within a dimension by falling scale, what is written before its synonyms:
 * unit_write takes the first that divides. */
static const Unit UNITS[] = {
    {"d", DIMENSION_TIME, 1440 * NS_MINUTE},
    {"h", DIMENSION_TIME, 60 * NS_MINUTE},
    {"min", DIMENSION_TIME, NS_MINUTE},
    {"s", DIMENSION_TIME, 1000000000},
    {"ms", DIMENSION_TIME, 1000000},
    {"us", DIMENSION_TIME, 1000},
    {"ns", DIMENSION_TIME, 1},
    {"s", DIMENSION_FINE_TIME, UINT64_C(1000000000000)},
    {"ms", DIMENSION_FINE_TIME, 1000000000},
    {"us", DIMENSION_FINE_TIME, 1000000},
    {"ns", DIMENSION_FINE_TIME, 1000},
    {"ps", DIMENSION_FINE_TIME, 1},
    {"Gbit/s", DIMENSION_RATE, 1000000000},
    {"Mbit/s", DIMENSION_RATE, 1000000},
    {"kbit/s", DIMENSION_RATE, 1000},
    {"bit/s", DIMENSION_RATE, 1},
    {"Gbps", DIMENSION_RATE, 1000000000},
    {"Mbps", DIMENSION_RATE, 1000000},
    {"kbps", DIMENSION_RATE, 1000},
    {"bps", DIMENSION_RATE, 1},
    {"Gbit", DIMENSION_RATE, 1000000000},
    {"Mbit", DIMENSION_RATE, 1000000},
    {"kbit", DIMENSION_RATE, 1000},
    {"bit", DIMENSION_RATE, 1},
    {"GB/s", DIMENSION_RATE, 8000000000},
    {"MB/s", DIMENSION_RATE, 8000000},
    {"kB/s", DIMENSION_RATE, 8000},
    {"B/s", DIMENSION_RATE, 8},
    {"GiB/s", DIMENSION_RATE, 8 * KIBI *KIBI *KIBI},
    {"MiB/s", DIMENSION_RATE, 8 * KIBI *KIBI},
    {"KiB/s", DIMENSION_RATE, 8 * KIBI},
    {"GiB", DIMENSION_SIZE, KIBI *KIBI *KIBI},
    {"GB", DIMENSION_SIZE, 1000000000},
    {"MiB", DIMENSION_SIZE, KIBI *KIBI},
    {"MB", DIMENSION_SIZE, 1000000},
    {"KiB", DIMENSION_SIZE, KIBI},
    {"kB", DIMENSION_SIZE, 1000},
    {"B", DIMENSION_SIZE, 1},
    {"packets", DIMENSION_PACKETS, 1},
    {"packet", DIMENSION_PACKETS, 1},
};

static const char *const PHRASES[DIMENSION_COUNT] = {
    [DIMENSION_NONE] = "a plain number", [DIMENSION_RATIO] = "a share",
    [DIMENSION_TIME] = "a time",         [DIMENSION_FINE_TIME] = "a time",
    [DIMENSION_RATE] = "a rate",         [DIMENSION_SIZE] = "a size",
    [DIMENSION_PACKETS] = "packets",
};

static const char *const EXAMPLES[DIMENSION_COUNT] = {
    [DIMENSION_NONE] = "3",
    [DIMENSION_RATIO] = "5 %",
    [DIMENSION_TIME] = "5 ms",
    [DIMENSION_FINE_TIME] = "0.4 ns",
    [DIMENSION_RATE] = "10 Mbit/s",
    [DIMENSION_SIZE] = "64 kB",
    [DIMENSION_PACKETS] = "1000 packets",
};

const char *
dimension_phrase(Dimension dimension)
{
    assert(dimension < DIMENSION_COUNT);
    return PHRASES[dimension];
}

const char *
dimension_example(Dimension dimension)
{
    assert(dimension < DIMENSION_COUNT);
    return EXAMPLES[dimension];
}

/* A capital K means k, but in Ki, which is 1024. */
static bool
is_unit(const char *name, const char *text)
{
    if (name[0] == 'k' && text[0] == 'K')
        return g_str_equal(name + 1, text + 1);
    return g_str_equal(name, text);
}

static const Unit *
find_unit(const char *text, Dimension dimension)
{
    for (guint at = 0; at < G_N_ELEMENTS(UNITS); at++) {
        if (UNITS[at].dimension == dimension && is_unit(UNITS[at].name, text))
            return &UNITS[at];
    }
    return NULL;
}

static const Unit *
find_any_unit(const char *text)
{
    for (guint at = 0; at < G_N_ELEMENTS(UNITS); at++) {
        if (is_unit(UNITS[at].name, text))
            return &UNITS[at];
    }
    return NULL;
}

/* Split text into a number and what follows it, without its blanks. */
static bool
split_number(const char *text, double *ret_number, size_t *ret_number_bytes,
             const char **ret_unit)
{
    size_t bytes = strspn(text, "+-.0123456789");
    /* An exponent only when digits follow: "3 e" is not one. */
    if (bytes > 0 && (text[bytes] == 'e' || text[bytes] == 'E')) {
        size_t sign = text[bytes + 1] == '-' || text[bytes + 1] == '+';
        size_t digits = strspn(text + bytes + 1 + sign, "0123456789");
        bytes += digits ? 1 + sign + digits : 0;
    }
    if (bytes == 0 || bytes > 60)
        return false;
    char number[64];
    memcpy(number, text, bytes);
    number[bytes] = '\0';
    char *end = NULL;
    *ret_number = g_ascii_strtod(number, &end);
    if (*end != '\0' || !isfinite(*ret_number))
        return false;
    *ret_number_bytes = bytes;
    *ret_unit = text + bytes + strspn(text + bytes, " ");
    return true;
}

/* Whole numbers stay exact beyond 2^53, decimals are rounded to whole base
 * units by whoever stores them. */
static void
scale_number(const char *text, size_t number_bytes, double number,
             uint64_t scale, Quantity *ret_quantity)
{
    ret_quantity->value = number * (double)scale;
    ret_quantity->is_negative = number < 0;
    ret_quantity->is_whole = false;
    if (strspn(text, "0123456789") == number_bytes && number_bytes < 20) {
        uint64_t whole = g_ascii_strtoull(text, NULL, 10);
        ret_quantity->is_whole = whole <= UINT64_MAX / scale;
        ret_quantity->whole = ret_quantity->is_whole ? whole * scale : 0;
    }
}

static bool
ends_in_bytes_per_second(const char *unit)
{
    size_t bytes = strlen(unit);
    return bytes >= 3 && bytes <= 5 && strchr("kKMGT", unit[0]) &&
           g_str_equal(unit + bytes - 3, "Bps");
}

static char *
word_unknown_unit(const char *text, const char *unit, Dimension dimension)
{
    if (ends_in_bytes_per_second(unit))
        return g_strdup_printf(
            "'%s' means bits in some tools and bytes in others: write "
            "'%cB/s' for bytes or '%cbit/s' for bits",
            unit, unit[0], unit[0]);
    const char *names[G_N_ELEMENTS(UNITS) + 1];
    guint name_count = 0;
    for (guint at = 0; at < G_N_ELEMENTS(UNITS); at++) {
        if (UNITS[at].dimension == dimension)
            names[name_count++] = UNITS[at].name;
    }
    names[name_count] = NULL;
    g_autofree char *suggestion = complaint_suggestion(unit, names);
    return g_strdup_printf("'%s' has no unit that is known; expected %s such "
                           "as '%s'%s",
                           text, dimension_phrase(dimension),
                           dimension_example(dimension), suggestion);
}

static char *
word_wrong_unit(const char *text, const char *unit, Dimension dimension)
{
    const Unit *other = find_any_unit(unit);
    bool is_share = g_str_equal(unit, "%");
    if (!other && !is_share)
        return word_unknown_unit(text, unit, dimension);
    Dimension found = is_share ? DIMENSION_RATIO : other->dimension;
    return g_strdup_printf("'%s' is %s; expected %s such as '%s'", text,
                           dimension_phrase(found), dimension_phrase(dimension),
                           dimension_example(dimension));
}

/* Units of what has no dimension: none, or a thousand. */
static uint64_t
plain_scale(const char *unit)
{
    if (g_str_equal(unit, ""))
        return 1;
    if (g_str_equal(unit, "k") || g_str_equal(unit, "K"))
        return 1000;
    return g_str_equal(unit, "Ki") ? KIBI : 0;
}

static bool
parse_plain(const char *text, size_t number_bytes, double number,
            const char *unit, Quantity *ret_quantity)
{
    uint64_t scale = plain_scale(unit);
    if (scale)
        scale_number(text, number_bytes, number, scale, ret_quantity);
    return scale != 0;
}

bool
unit_parse(const char *text, Dimension dimension, Quantity *ret_quantity,
           char **ret_why)
{
    double number = 0;
    size_t number_bytes = 0;
    const char *unit = NULL;
    if (!split_number(text, &number, &number_bytes, &unit)) {
        *ret_why = g_strdup_printf("'%s' is not a number; expected %s such as "
                                   "'%s'",
                                   text, dimension_phrase(dimension),
                                   dimension_example(dimension));
        return false;
    }
    if (dimension == DIMENSION_NONE &&
        parse_plain(text, number_bytes, number, unit, ret_quantity))
        return true;
    bool is_percent = g_str_equal(unit, "%");
    if (dimension == DIMENSION_RATIO && (is_percent || *unit == '\0')) {
        scale_number(text, number_bytes, number, 1, ret_quantity);
        /* Divided, not multiplied: 5 % is then the same double as 0.05. */
        ret_quantity->value = is_percent ? number / 100 : number;
        return true;
    }
    if (*unit == '\0' && number == 0) {
        scale_number("0", 1, 0, 1, ret_quantity);
        return true;
    }
    const Unit *found = find_unit(unit, dimension);
    if (found) {
        scale_number(text, number_bytes, number, found->scale, ret_quantity);
        return true;
    }
    if (*unit == '\0')
        *ret_why = g_strdup_printf("'%s' lacks a unit; expected %s such as "
                                   "'%s'",
                                   text, dimension_phrase(dimension),
                                   dimension_example(dimension));
    else
        *ret_why = word_wrong_unit(text, unit, dimension);
    return false;
}

bool
unit_has(const char *text, Dimension dimension)
{
    double number = 0;
    size_t number_bytes = 0;
    const char *unit = NULL;
    return split_number(text, &number, &number_bytes, &unit) &&
           find_unit(unit, dimension) != NULL;
}

void
unit_write(GString *text, uint64_t whole, Dimension dimension)
{
    assert(dimension < DIMENSION_COUNT);
    if (dimension == DIMENSION_NONE || whole == 0) {
        g_string_append_printf(text, "%" G_GUINT64_FORMAT, whole);
        return;
    }
    for (guint at = 0; at < G_N_ELEMENTS(UNITS); at++) {
        const Unit *unit = &UNITS[at];
        if (unit->dimension != dimension || whole % unit->scale != 0)
            continue;
        g_string_append_printf(text, "%" G_GUINT64_FORMAT " %s",
                               whole / unit->scale, unit->name);
        return;
    }
    assert(false); /* each dimension of whole units has one of scale 1 */
}

/* The shortest decimal that reads back as the same double. */
static void
write_double(GString *text, double value)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    static const char *const FORMATS[] = {"%.15g", "%.16g", "%.17g"};
    for (guint at = 0; at < G_N_ELEMENTS(FORMATS); at++) {
        g_ascii_formatd(digits, sizeof digits, FORMATS[at], value);
        if (g_ascii_strtod(digits, NULL) == value)
            break;
    }
    g_string_append(text, digits);
}

void
unit_write_value(GString *text, double value, Dimension dimension)
{
    static const char *const BASES[DIMENSION_COUNT] = {
        [DIMENSION_TIME] = " ns",         [DIMENSION_FINE_TIME] = " ps",
        [DIMENSION_RATE] = " bit/s",      [DIMENSION_SIZE] = " B",
        [DIMENSION_PACKETS] = " packets",
    };
    write_double(text, value);
    if (BASES[dimension] && value != 0)
        g_string_append(text, BASES[dimension]);
}

static void
write_bound(GString *text, double bound, Dimension dimension)
{
    bool is_whole = bound >= 0 && bound < 1e18 && round(bound) >= bound &&
                    floor(bound) >= bound;
    if (dimension != DIMENSION_RATIO && is_whole)
        unit_write(text, (uint64_t)bound, dimension);
    else
        unit_write_value(text, bound, dimension);
}

char *
range_complaint(Bounds range, const char *text, double value,
                Dimension dimension)
{
    bool is_low = value < range.min;
    bool is_high = range.max > 0 && value > range.max;
    if (!is_low && !is_high)
        return NULL;
    g_autoptr(GString) bound = g_string_new(NULL);
    write_bound(bound, is_low ? range.min : range.max, dimension);
    return g_strdup_printf("'%s' is %s; the %s is %s", text,
                           is_low ? "too small" : "too large",
                           is_low ? "least" : "most", bound->str);
}
