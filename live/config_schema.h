/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_schema.h: every key of a configuration, once.
 *
 * A section describes a struct, a key one member of it. Its default is what
 * config_new has put there. The reader and the help walk these tables, so
 * that a key added here is read, checked and documented.
 */
#pragma once

#include "live/config.h"
#include "sim/yaml/unit.h"

typedef enum ConfigKind {
    CONFIG_INTEGER,   /* 2, 4 or 8 bytes, in whole base units */
    CONFIG_PPM,       /* uint32_t: a share or a factor, times a million */
    CONFIG_NUMBER,    /* double */
    CONFIG_FLAG,      /* bool */
    CONFIG_TEXT,      /* const char * */
    CONFIG_WORD,      /* 2 or 4 bytes, a value of words */
    CONFIG_ROLE,      /* Role */
    CONFIG_ADDRESS,   /* Address */
    CONFIG_HOST,      /* Address without a port */
    CONFIG_SECRET,    /* 32 bytes, from a file that only we can read */
    CONFIG_PATH,      /* const char *, a file that may come to be */
    CONFIG_DIRECTORY, /* const char *, a directory that is there */
    CONFIG_STATE,     /* const char *, a file in a directory of our own */
    CONFIG_SECTION,   /* a struct */
    CONFIG_LIST,      /* an array of structs with a count */
} ConfigKind;

typedef struct ConfigWord {
    const char *word; /* NULL ends a list */
    uint32_t value;
} ConfigWord;

typedef struct ConfigSection ConfigSection;

typedef struct ConfigKey {
    const char *key;
    ConfigKind kind;
    size_t offset;
    size_t size;
    Dimension dimension;
    Bounds range;         /* a max of 0 is no bound */
    uint32_t roles;       /* ROLE_BIT of who may say it; 0: all */
    uint32_t needed_by;   /* ROLE_BIT of who must */
    uint32_t live_for;    /* ROLE_BIT of who takes a change while it runs */
    const char *example;  /* where there is no default; as the file says it */
    const char *fallback; /* what is without it, where that is no value */
    const ConfigWord *words;
    const ConfigSection *section;
    size_t count_offset; /* of lists: a uint16_t or uint32_t ... */
    size_t count_size;   /* ... of so many bytes */
    uint32_t item_max;
    bool may_be_bare; /* one item may stand without its list */
    const char *doc;
} ConfigKey;

struct ConfigSection {
    const char *noun; /* "peers", for messages */
    bool is_bare;     /* a scalar may stand for it: that of its first key */
    size_t size;
    const ConfigKey *keys;
    uint32_t key_count;
};

#define ROLE_BIT(role) (UINT32_C(1) << (role))
#define ROLE_BITS_ALL (ROLE_BIT(ROLE_COUNT) - 1)

/* The whole file; all other sections hang on it. */
extern const ConfigSection CONFIG_SCHEMA;

static inline bool
config_key_is_for(const ConfigKey *key, Role role)
{
    return key->roles == 0 || (key->roles & ROLE_BIT(role)) != 0;
}
