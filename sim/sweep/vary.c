/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/vary.c: the values of a key, and which of them are numbers.
 */
#include "sim/sweep/vary.h"

#include <string.h>

#include "sim/yaml/unit.h"

/* Where in a list of values we are. */
typedef struct Splitter {
    const char *at;
    int depth;      /* of brackets */
    char quote;     /* that is open, or 0 */
    bool may_quote; /* YAML's quotes are quotes at a value's start alone */
} Splitter;

/* One character on; true at a comma that parts values. */
static bool
step(Splitter *splitter)
{
    char c = *splitter->at++;
    if (splitter->quote) {
        if (c == '\\' && splitter->quote == '"' && *splitter->at)
            splitter->at++;
        else if (c == splitter->quote)
            splitter->quote = '\0';
        return false;
    }
    if (splitter->may_quote && (c == '"' || c == '\''))
        splitter->quote = c;
    if (strchr("[{(", c))
        splitter->depth++;
    else if (strchr("]})", c))
        splitter->depth--;
    splitter->may_quote =
        strchr("[{(,:", c) || (splitter->may_quote && c == ' ');
    return c == ',' && splitter->depth == 0;
}

/* NULL when brackets or quotes stay open, or a value is empty. */
static GPtrArray *
split(const char *text)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    Splitter splitter = {.at = text, .may_quote = true};
    bool has_more = true;
    for (const char *start = text; has_more; start = splitter.at) {
        has_more = false;
        while (*splitter.at && !has_more)
            has_more = step(&splitter);
        size_t bytes = (size_t)(splitter.at - start) - (has_more ? 1 : 0);
        char *value = g_strstrip(g_strndup(start, bytes));
        g_ptr_array_add(values, value);
        if (!*value)
            return NULL;
    }
    bool is_whole = splitter.depth == 0 && !splitter.quote;
    return is_whole ? g_steal_pointer(&values) : NULL;
}

static bool
parse_number(const char *text, Dimension dimension, double *ret_number)
{
    Quantity quantity;
    g_autofree char *why = NULL;
    if (!unit_parse(text, dimension, &quantity, &why))
        return false;
    *ret_number = quantity.value;
    return true;
}

/* What a number's text ends with. */
static const char *
unit_of(const char *text)
{
    char *end = NULL;
    g_ascii_strtod(text, &end);
    return end + strspn(end, " ");
}

/* The first unit that a value has is that of all. */
static void
scale_numbers(Vary *vary, Dimension dimension)
{
    const char *unit = "";
    for (guint at = 0; at < vary->values->len && !*unit; at++)
        unit = unit_of(vary->values->pdata[at]);
    if (dimension == DIMENSION_NONE)
        unit = ""; /* k only says how it was written */
    vary->unit = g_strdup(unit);
    g_autofree char *one = g_strdup_printf("1 %s", unit);
    double scale = 1;
    if (*unit && parse_number(one, dimension, &scale)) {
        for (guint at = 0; at < vary->values->len; at++)
            vary->numbers[at] /= scale;
    }
}

static void
find_numbers(Vary *vary)
{
    guint count = vary->values->len;
    vary->numbers = g_new(double, count);
    for (int dimension = 0; dimension < DIMENSION_COUNT; dimension++) {
        guint at = 0;
        while (at < count &&
               parse_number(vary->values->pdata[at], (Dimension)dimension,
                            &vary->numbers[at]))
            at++;
        if (at == count) {
            scale_numbers(vary, (Dimension)dimension);
            return;
        }
    }
    g_clear_pointer(&vary->numbers, g_free);
}

Vary *
vary_parse(const char *option, char **ret_why)
{
    const char *equals = strchr(option, '=');
    g_autoptr(Vary) vary = g_new0(Vary, 1);
    if (!equals || equals == option) {
        *ret_why = g_strdup_printf("expected KEY.PATH=VALUE,VALUE..., not '%s'",
                                   option);
        return NULL;
    }
    vary->key = g_strndup(option, (gsize)(equals - option));
    vary->values = split(equals + 1);
    if (!vary->values) {
        *ret_why = g_strdup_printf(
            "'%s': expected values with a comma between two of them, not '%s'",
            vary->key, equals + 1);
        return NULL;
    }
    find_numbers(vary);
    return g_steal_pointer(&vary);
}

Vary *
vary_new(const PlanVary *plan)
{
    Vary *vary = g_new0(Vary, 1);
    vary->key = g_strdup(plan->key);
    vary->values = g_ptr_array_new_with_free_func(g_free);
    for (uint32_t at = 0; at < plan->value_count; at++)
        g_ptr_array_add(vary->values, g_strdup(plan->values[at].text));
    find_numbers(vary);
    return vary;
}

void
vary_free(Vary *vary)
{
    g_free(vary->key);
    if (vary->values)
        g_ptr_array_unref(vary->values);
    g_free(vary->numbers);
    g_free(vary->unit);
    g_free(vary);
}

const char *
vary_stem(const Vary *vary)
{
    const char *dot = strrchr(vary->key, '.');
    return dot ? dot + 1 : vary->key;
}
