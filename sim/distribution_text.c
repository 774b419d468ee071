/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/distribution_text.c: parse and write the text of a distribution.
 */
#include "sim/distribution_text.h"
#include "sim/yaml/complaint.h"
#include "sim/yaml/input.h"
#include "sim/quantile.h"

#include <assert.h>
#include <string.h>

static void
add_part(GStrvBuilder *parts, const char *start, const char *end)
{
    g_autofree char *part = g_strndup(start, (gsize)(end - start));
    g_strv_builder_add(parts, g_strstrip(part));
}

/* Split at commas outside of brackets, without the blanks around; NULL when
 * brackets do not match. */
static char **
split_arguments(const char *text, size_t text_bytes)
{
    g_autoptr(GStrvBuilder) parts = g_strv_builder_new();
    int depth = 0;
    const char *start = text;
    const char *end = text + text_bytes;
    for (const char *at = text; at < end; at++) {
        if (*at == ',' && depth == 0) {
            add_part(parts, start, at);
            start = at + 1;
        } else if (*at == '(' || *at == '[') {
            depth++;
        } else if ((*at == ')' || *at == ']') && --depth < 0) {
            return NULL;
        }
    }
    add_part(parts, start, end);
    return depth == 0 ? g_strv_builder_end(parts) : NULL;
}

/* The inside of `[...]`, split. */
static char **
split_brackets(const char *text)
{
    size_t bytes = strlen(text);
    if (bytes < 2 || text[0] != '[' || text[bytes - 1] != ']')
        return NULL;
    return split_arguments(text + 1, bytes - 2);
}

static bool
parse_value(const char *text, const DistributionRule *rule, double *ret_value,
            char **ret_why)
{
    Quantity quantity;
    if (!unit_parse(text, rule->dimension, &quantity, ret_why))
        return false;
    *ret_why =
        range_complaint(rule->range, text, quantity.value, rule->dimension);
    *ret_value = quantity.value;
    return *ret_why == NULL;
}

static bool
parse_number(const char *text, Dimension dimension, double *ret_value,
             char **ret_why)
{
    Quantity quantity;
    bool is_parsed = unit_parse(text, dimension, &quantity, ret_why);
    if (is_parsed)
        *ret_value = quantity.value;
    return is_parsed;
}

static bool
parse_point(const char *text, const DistributionRule *rule,
            DistributionPoint *ret_point, char **ret_why)
{
    g_auto(GStrv) pair = split_brackets(text);
    if (!pair || g_strv_length(pair) != 2) {
        *ret_why = g_strdup_printf(
            "'%s' is not a pair such as '[0.5, %s]'", text,
            rule->is_choice ? "name" : dimension_example(rule->dimension));
        return false;
    }
    Dimension share = rule->is_choice ? DIMENSION_NONE : DIMENSION_RATIO;
    if (!parse_number(pair[0], share, &ret_point->share, ret_why))
        return false;
    if (!rule->is_choice)
        return parse_value(pair[1], rule, &ret_point->value, ret_why);
    char *name = g_strdup(pair[1]);
    g_ptr_array_add(rule->owned, name);
    ret_point->name = name;
    return true;
}

static bool
check_weights(const GArray *points, char **ret_why)
{
    double sum = 0;
    for (guint at = 0; at < points->len; at++) {
        double weight = g_array_index(points, DistributionPoint, at).share;
        sum += weight;
        if (weight < 0) {
            *ret_why = g_strdup("a weight is negative");
            return false;
        }
    }
    if (!(sum > 0))
        *ret_why = g_strdup("the weights sum to 0");
    return sum > 0;
}

static bool
check_quantiles(const GArray *points, char **ret_why)
{
    const DistributionPoint *last = NULL;
    for (guint at = 0; at < points->len; at++) {
        const DistributionPoint *point =
            &g_array_index(points, DistributionPoint, at);
        if (point->share < 0 || point->share > 1) {
            *ret_why = g_strdup("the first of a pair is a share, 0 to 1");
            return false;
        }
        if (last && point->share <= last->share) {
            *ret_why = g_strdup("the shares of quantiles must rise");
            return false;
        }
        if (last && point->value < last->value) {
            *ret_why = g_strdup("the values of quantiles must not fall");
            return false;
        }
        last = point;
    }
    return true;
}

static bool
keep_points(GArray *points, const DistributionRule *rule,
            Distribution *distribution, char **ret_why)
{
    if (points->len == 0 || points->len > DISTRIBUTION_POINTS_MAX) {
        *ret_why = g_strdup_printf("%u points; 1 to %u are possible",
                                   points->len, DISTRIBUTION_POINTS_MAX);
        return false;
    }
    if (!(rule->is_choice ? check_weights : check_quantiles)(points, ret_why))
        return false;
    distribution->point_count = points->len;
    gpointer kept =
        g_memdup2(points->data, points->len * sizeof(DistributionPoint));
    g_ptr_array_add(rule->owned, kept);
    distribution->points = kept;
    return true;
}

static bool
parse_points(const char *text, const DistributionRule *rule,
             Distribution *distribution, char **ret_why)
{
    g_auto(GStrv) pairs = split_brackets(text);
    g_autoptr(GArray) points =
        g_array_new(FALSE, TRUE, sizeof(DistributionPoint));
    if (!pairs) {
        *ret_why = g_strdup("expected a list of pairs such as [[0.5, ...]]");
        return false;
    }
    for (guint at = 0; pairs[at]; at++) {
        DistributionPoint point = {0};
        if (!parse_point(pairs[at], rule, &point, ret_why))
            return false;
        g_array_append_val(points, point);
    }
    return keep_points(points, rule, distribution, ret_why);
}

/* The file's numbers, each read as if its unit stood behind it. */
static bool
apply_unit(GArray *points, const char *unit, const DistributionRule *rule,
           char **ret_why)
{
    for (guint at = 0; at < points->len; at++) {
        DistributionPoint *point =
            &g_array_index(points, DistributionPoint, at);
        g_autoptr(GString) text = g_string_new(NULL);
        unit_write_value(text, point->value, DIMENSION_NONE);
        g_string_append_printf(text, " %s", unit);
        g_strchomp(text->str);
        if (!parse_value(text->str, rule, &point->value, ret_why))
            return false;
    }
    return true;
}

/* quantiles(FILE, column=value ..., UNIT) */
static bool
parse_file(char **arguments, const DistributionRule *rule,
           Distribution *distribution, char **ret_why)
{
    g_autofree char *path = input_path(rule->directory, arguments[0]);
    g_autoptr(GPtrArray) filters = g_ptr_array_new();
    const char *column = NULL;
    const char *unit = "";
    for (guint at = 1; arguments[at]; at++) {
        if (g_str_has_prefix(arguments[at], "column="))
            column = arguments[at] + strlen("column=");
        else if (strchr(arguments[at], '='))
            g_ptr_array_add(filters, arguments[at]);
        else
            unit = arguments[at];
    }
    g_ptr_array_add(filters, NULL);
    QuantileQuery query = {
        .path = path, .filters = (char **)filters->pdata, .column = column};
    g_autoptr(GArray) points = quantile_read(&query, ret_why);
    return points && apply_unit(points, unit, rule, ret_why) &&
           keep_points(points, rule, distribution, ret_why);
}

static bool
parse_quantiles(char **arguments, const DistributionRule *rule,
                Distribution *distribution, char **ret_why)
{
    if (arguments[0][0] != '[')
        return parse_file(arguments, rule, distribution, ret_why);
    if (arguments[1]) {
        *ret_why = g_strdup("quantiles takes one list of pairs, or a file");
        return false;
    }
    return parse_points(arguments[0], rule, distribution, ret_why);
}

typedef struct LawShape {
    guint argument_count_min;
    guint argument_count_max;
    const char *usage;
    bool is_value[2]; /* else a plain number */
} LawShape;

static const LawShape SHAPES[DISTRIBUTION_KIND_COUNT] = {
    [DISTRIBUTION_CONSTANT] = {1, 1, "constant(value)", {true, false}},
    [DISTRIBUTION_UNIFORM] = {2, 2, "uniform(lowest, highest)", {true, true}},
    [DISTRIBUTION_EXPONENTIAL] = {1, 1, "exponential(mean)", {true, false}},
    [DISTRIBUTION_LOGNORMAL] = {2,
                                2,
                                "lognormal(median, sigma)",
                                {true, false}},
    [DISTRIBUTION_PARETO] = {2, 2, "pareto(least, alpha)", {true, false}},
    [DISTRIBUTION_ZIPF] = {2,
                           2,
                           "zipf(exponent, value of rank 1)",
                           {false, true}},
    [DISTRIBUTION_QUANTILES] = {1,
                                20,
                                "quantiles([[share, value], ...])",
                                {false, false}},
    [DISTRIBUTION_CHOICE] = {1,
                             1,
                             "choice([[weight, name], ...])",
                             {false, false}},
};

/* The parameters must make it a law: NULL, or what they must be. */
static const char *
find_fault(const Distribution *law)
{
    switch (law->kind) {
    case DISTRIBUTION_UNIFORM:
        return law->a <= law->b ? NULL
                                : "uniform's lowest is above its highest";
    case DISTRIBUTION_EXPONENTIAL:
        return law->a > 0 ? NULL : "the mean must be above 0";
    case DISTRIBUTION_LOGNORMAL:
        if (law->b < 0 || law->b > 20)
            return "sigma must be 0 to 20";
        return law->a > 0 ? NULL : "the median must be above 0";
    case DISTRIBUTION_PARETO:
        return law->a > 0 && law->b > 0 ? NULL
                                        : "least and alpha must be above 0";
    case DISTRIBUTION_ZIPF:
        return law->a > 1 && law->b > 0
                   ? NULL
                   : "the exponent must be above 1, the value above 0";
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_QUANTILES:
    case DISTRIBUTION_CHOICE:
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    return NULL;
}

static bool
parse_parameters(char **arguments, const DistributionRule *rule,
                 Distribution *law, char **ret_why)
{
    double *parameters[] = {&law->a, &law->b};
    for (guint at = 0; arguments[at]; at++) {
        bool is_value = SHAPES[law->kind].is_value[at];
        if (!(is_value
                  ? parse_value(arguments[at], rule, parameters[at], ret_why)
                  : parse_number(arguments[at], DIMENSION_NONE, parameters[at],
                                 ret_why)))
            return false;
    }
    const char *fault = find_fault(law);
    if (fault)
        *ret_why = g_strdup(fault);
    return fault == NULL;
}

static bool
parse_law(DistributionKind kind, char **arguments, const DistributionRule *rule,
          Distribution *ret_law, char **ret_why)
{
    const LawShape *shape = &SHAPES[kind];
    Distribution law = {.kind = kind};
    guint count = arguments ? g_strv_length(arguments) : 0;
    bool is_choice = kind == DISTRIBUTION_CHOICE;
    if (rule->is_choice != is_choice) {
        *ret_why = g_strdup_printf("%s", rule->is_choice
                                             ? "only a choice picks names: "
                                               "choice([[weight, name], ...])"
                                             : "a choice picks names; a value "
                                               "is needed here");
        return false;
    }
    if (count < shape->argument_count_min ||
        count > shape->argument_count_max) {
        *ret_why = g_strdup_printf("expected %s", shape->usage);
        return false;
    }
    bool is_parsed = false;
    if (kind == DISTRIBUTION_QUANTILES)
        is_parsed = parse_quantiles(arguments, rule, &law, ret_why);
    else if (is_choice)
        is_parsed = parse_points(arguments[0], rule, &law, ret_why);
    else
        is_parsed = parse_parameters(arguments, rule, &law, ret_why);
    if (is_parsed)
        *ret_law = law;
    return is_parsed;
}

static bool
find_kind(const char *name, DistributionKind *ret_kind, char **ret_why)
{
    const char *names[DISTRIBUTION_KIND_COUNT + 1] = {NULL};
    for (guint at = 0; at < DISTRIBUTION_KIND_COUNT; at++) {
        names[at] = distribution_kind_name((DistributionKind)at);
        if (g_str_equal(names[at], name)) {
            *ret_kind = (DistributionKind)at;
            return true;
        }
    }
    g_autofree char *suggestion = complaint_suggestion(name, names);
    g_autofree char *all = g_strjoinv(", ", (char **)(uintptr_t)names);
    *ret_why = g_strdup_printf("'%s' is no distribution, which are %s%s", name,
                               all, suggestion);
    return false;
}

/* A single name is a choice without a choice. */
static bool
parse_name(const char *text, const DistributionRule *rule,
           Distribution *ret_law, char **ret_why)
{
    g_autofree char *pair = g_strdup_printf("[[1, %s]]", text);
    Distribution law = {.kind = DISTRIBUTION_CHOICE};
    if (!parse_points(pair, rule, &law, ret_why))
        return false;
    *ret_law = law;
    return true;
}

bool
distribution_parse(const char *text, const DistributionRule *rule,
                   Distribution *ret_distribution, char **ret_why)
{
    const char *open = strchr(text, '(');
    size_t bytes = strlen(text);
    if (!open && rule->is_choice)
        return parse_name(text, rule, ret_distribution, ret_why);
    if (!open) {
        Distribution law = {.kind = DISTRIBUTION_CONSTANT};
        if (!parse_value(text, rule, &law.a, ret_why))
            return false;
        *ret_distribution = law;
        return true;
    }
    g_autofree char *name = g_strndup(text, (gsize)(open - text));
    DistributionKind kind = DISTRIBUTION_CONSTANT;
    if (!find_kind(g_strstrip(name), &kind, ret_why))
        return false;
    g_auto(GStrv) arguments = NULL;
    if (text[bytes - 1] == ')')
        arguments =
            split_arguments(open + 1, bytes - (size_t)(open - text) - 2);
    if (!arguments) {
        *ret_why = g_strdup_printf("'%s' has unmatched brackets; inside {} or "
                                   "[] quote it: '%s'",
                                   text, SHAPES[kind].usage);
        return false;
    }
    return parse_law(kind, arguments, rule, ret_distribution, ret_why);
}

static void
write_points(GString *text, const Distribution *law, Dimension dimension)
{
    g_string_append_c(text, '[');
    for (uint32_t at = 0; at < law->point_count; at++) {
        const DistributionPoint *point = &law->points[at];
        g_string_append(text, at ? ", [" : "[");
        unit_write_value(text, point->share, DIMENSION_NONE);
        g_string_append(text, ", ");
        if (law->kind == DISTRIBUTION_CHOICE)
            g_string_append(text, point->name);
        else
            unit_write_value(text, point->value, dimension);
        g_string_append_c(text, ']');
    }
    g_string_append_c(text, ']');
}

void
distribution_write(GString *text, const Distribution *law, Dimension dimension)
{
    const LawShape *shape = &SHAPES[law->kind];
    if (law->kind == DISTRIBUTION_CONSTANT) {
        unit_write_value(text, law->a, dimension);
        return;
    }
    g_string_append_printf(text, "%s(", distribution_kind_name(law->kind));
    if (law->point_count > 0) {
        write_points(text, law, dimension);
    } else {
        const double parameters[] = {law->a, law->b};
        for (guint at = 0; at < shape->argument_count_min; at++) {
            g_string_append(text, at ? ", " : "");
            unit_write_value(text, parameters[at],
                             shape->is_value[at] ? dimension : DIMENSION_NONE);
        }
    }
    g_string_append_c(text, ')');
}
