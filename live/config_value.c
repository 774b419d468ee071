/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_value.c: scalars of a configuration into members of a struct.
 */
#include "live/address.h"
#include "live/config_reader.h"
#include "live/secret.h"
#include "sim/yaml/input.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define PPM 1e6

/* Take the reason that a parser gave, if it gave one. */
static bool
is_fine(ConfigReader *reader, const ConfigSlot *slot, char *why)
{
    if (why)
        complain(reader->complaints, slot->node->mark, "%s: %s", slot->key->key,
                 why);
    g_free(why);
    return why == NULL;
}

static bool
parse_quantity(ConfigReader *reader, const ConfigSlot *slot,
               Quantity *ret_quantity)
{
    const ConfigKey *key = slot->key;
    char *why = NULL;
    if (unit_parse(slot->node->text, key->dimension, ret_quantity, &why))
        why = range_complaint(key->range, slot->node->text, ret_quantity->value,
                              key->dimension);
    return is_fine(reader, slot, why);
}

static void
keep_integer(const ConfigSlot *slot, uint64_t whole)
{
    void *place = config_place_of(slot->key, slot->base);
    uint32_t middle = (uint32_t)whole;
    uint16_t small = (uint16_t)whole;
    if (slot->key->size == sizeof small) {
        memcpy(place, &small, sizeof small);
    } else if (slot->key->size == sizeof middle) {
        memcpy(place, &middle, sizeof middle);
    } else {
        assert(slot->key->size == sizeof whole);
        memcpy(place, &whole, sizeof whole);
    }
}

/* Half a byte is nonsense, half a second is not: what the unit leaves over is
 * rounded, but not to nothing. */
static void
read_integer(ConfigReader *reader, const ConfigSlot *slot)
{
    Quantity quantity;
    if (!parse_quantity(reader, slot, &quantity))
        return;
    double whole = quantity.is_whole ? 0 : round(quantity.value);
    double error = quantity.is_whole ? 0 : fabs(whole - quantity.value);
    bool has_unit = slot->key->dimension != DIMENSION_NONE;
    if (error > 0 && (!has_unit || whole < 1)) {
        complain(reader->complaints, slot->node->mark,
                 "%s: '%s' is not a whole number%s", slot->key->key,
                 slot->node->text, has_unit ? " of base units" : "");
        return;
    }
    keep_integer(slot, quantity.is_whole ? quantity.whole : (uint64_t)whole);
}

static void
read_ppm(ConfigReader *reader, const ConfigSlot *slot)
{
    Quantity quantity;
    if (parse_quantity(reader, slot, &quantity))
        keep_integer(slot, (uint64_t)llround(quantity.value * PPM));
}

static void
read_number(ConfigReader *reader, const ConfigSlot *slot)
{
    Quantity quantity;
    if (!parse_quantity(reader, slot, &quantity))
        return;
    assert(slot->key->size == sizeof quantity.value);
    memcpy(config_place_of(slot->key, slot->base), &quantity.value,
           sizeof quantity.value);
}

static void
read_flag(ConfigReader *reader, const ConfigSlot *slot)
{
    bool is_true = g_str_equal(slot->node->text, "true");
    if (is_true || g_str_equal(slot->node->text, "false"))
        memcpy(config_place_of(slot->key, slot->base), &is_true,
               sizeof is_true);
    else
        complain(reader->complaints, slot->node->mark,
                 "%s: expected true or false, not '%s'", slot->key->key,
                 slot->node->text);
}

static void
keep_text(ConfigReader *reader, const ConfigSlot *slot, const char *text)
{
    char *copy = g_strdup(text);
    g_ptr_array_add(reader->config->owned, copy);
    memcpy(config_place_of(slot->key, slot->base), &copy, sizeof copy);
}

static void
read_word(ConfigReader *reader, const ConfigSlot *slot)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (const ConfigWord *word = slot->key->words; word->word; word++) {
        if (g_str_equal(word->word, slot->node->text)) {
            keep_integer(slot, word->value);
            return;
        }
        g_ptr_array_add(words, (char *)word->word);
    }
    g_ptr_array_add(words, NULL);
    char **list = (char **)words->pdata;
    g_autofree char *all = g_strjoinv(", ", list);
    g_autofree char *suggestion =
        complaint_suggestion(slot->node->text, (const char *const *)list);
    complain(reader->complaints, slot->node->mark,
             "%s: '%s' is not one of %s%s", slot->key->key, slot->node->text,
             all, suggestion);
}

static void
read_role(ConfigReader *reader, const ConfigSlot *slot)
{
    const char *text = slot->node->text;
    Role role;
    if (!config_parse_role(text, &role)) {
        g_autofree char *hint = config_suggest_role(text);
        complain(reader->complaints, slot->node->mark,
                 "role: there is no role '%s'%s", text, hint);
    } else if (role != reader->config->role) {
        complain(reader->complaints, slot->node->mark,
                 "role: this is for the role %s, not for %s", role_name(role),
                 role_name(reader->config->role));
    }
}

static void
read_address(ConfigReader *reader, const ConfigSlot *slot)
{
    Address address;
    char *why = NULL;
    if (slot->key->kind == CONFIG_HOST)
        address_parse_host(slot->node->text, &address, &why);
    else
        address_parse(slot->node->text, &address, &why);
    if (is_fine(reader, slot, why))
        memcpy(config_place_of(slot->key, slot->base), &address,
               sizeof address);
}

static void
read_secret(ConfigReader *reader, const ConfigSlot *slot)
{
    g_autofree char *path = input_path(reader->directory, slot->node->text);
    char *why = NULL;
    assert(slot->key->size == SECRET_BYTES);
    secret_read(path, config_place_of(slot->key, slot->base), &why);
    is_fine(reader, slot, why);
}

static void
read_directory(ConfigReader *reader, const ConfigSlot *slot)
{
    g_autofree char *path = input_path(reader->directory, slot->node->text);
    char *why = NULL;
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        why = g_strdup_printf("there is no directory '%s'", path);
    if (is_fine(reader, slot, why))
        keep_text(reader, slot, path);
}

static void
read_path(ConfigReader *reader, const ConfigSlot *slot)
{
    g_autofree char *path = input_path(reader->directory, slot->node->text);
    char *why = NULL;
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        why = g_strdup_printf("'%s' is a directory", path);
    if (is_fine(reader, slot, why))
        keep_text(reader, slot, path);
}

/* The database has companions while it is open: the directory must be ours. */
static void
read_state(ConfigReader *reader, const ConfigSlot *slot)
{
    g_autofree char *path = input_path(reader->directory, slot->node->text);
    g_autofree char *directory = g_path_get_dirname(path);
    char *why = NULL;
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        why = g_strdup_printf("'%s' is a directory", path);
    else
        secret_check_directory(directory, &why);
    if (is_fine(reader, slot, why))
        keep_text(reader, slot, path);
}

static void
read_scalar(ConfigReader *reader, const ConfigSlot *slot)
{
    switch (slot->key->kind) {
    case CONFIG_INTEGER:
        read_integer(reader, slot);
        break;
    case CONFIG_PPM:
        read_ppm(reader, slot);
        break;
    case CONFIG_NUMBER:
        read_number(reader, slot);
        break;
    case CONFIG_FLAG:
        read_flag(reader, slot);
        break;
    case CONFIG_TEXT:
        keep_text(reader, slot, slot->node->text);
        break;
    case CONFIG_WORD:
        read_word(reader, slot);
        break;
    case CONFIG_ROLE:
        read_role(reader, slot);
        break;
    case CONFIG_ADDRESS:
    case CONFIG_HOST:
        read_address(reader, slot);
        break;
    case CONFIG_SECRET:
        read_secret(reader, slot);
        break;
    case CONFIG_PATH:
        read_path(reader, slot);
        break;
    case CONFIG_DIRECTORY:
        read_directory(reader, slot);
        break;
    case CONFIG_STATE:
        read_state(reader, slot);
        break;
    case CONFIG_SECTION:
    case CONFIG_LIST:
        assert(false); /* not a value: see live/config_reader.c */
    }
}

void
config_reader_value(ConfigReader *reader, const ConfigSlot *slot)
{
    const TreeNode *node = slot->node;
    if (node->kind == TREE_SCALAR && *node->text) {
        read_scalar(reader, slot);
        return;
    }
    g_autofree char *found = tree_describe(node);
    complain(reader->complaints, node->mark,
             "%s: expected a single value, not %s", slot->key->key, found);
}
