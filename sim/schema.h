/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/schema.h: every key of a scenario, once.
 *
 * A Section describes a struct, a Field one key of it: where it is kept, what
 * it may be, what it is when left out, what it means. The reader, the writer
 * of effective scenarios and `byway schema` all walk these tables, so that a
 * key added here is read, checked, written and documented.
 */
#pragma once

#include "sim/scenario.h"
#include "sim/yaml/unit.h"

typedef enum FieldKind {
    FIELD_NUMBER,       /* double, in base units */
    FIELD_INTEGER,      /* 4 or 8 bytes, in whole base units */
    FIELD_FLAG,         /* bool */
    FIELD_TEXT,         /* const char * */
    FIELD_NAME,         /* const char *, what others may refer to */
    FIELD_WORD,         /* uint32_t, a value of words */
    FIELD_QUEUE,        /* PlanQueue */
    FIELD_DISTRIBUTION, /* Distribution; with reference or words: a choice */
    FIELD_PER_ISP,      /* Distribution * with a count: one, or one per ISP */
    FIELD_REFERENCE,    /* uint32_t, an index */
    FIELD_HOST_END,     /* PlanHostEnd */
    FIELD_SECTION,      /* a struct, always there */
    FIELD_OPTION,       /* a pointer to a struct, NULL when left out */
    FIELD_LIST,         /* a pointer to structs with a count */
    FIELD_MAP,          /* the same, by name; the name is the first field */
    FIELD_KIND_COUNT,
} FieldKind;

/* What a name may refer to. */
typedef enum ReferenceKind {
    REFERENCE_NONE,
    REFERENCE_ISP,
    REFERENCE_REGION,
    REFERENCE_NODE,
    REFERENCE_PROFILE,
    REFERENCE_HOST,
    REFERENCE_TRANSPORT,
    REFERENCE_KIND_COUNT,
} ReferenceKind;

/* How a section stands in the file. */
typedef enum SectionShape {
    SECTION_MAP,   /* key: value */
    SECTION_TUPLE, /* [first, second], in the order of the fields */
    SECTION_BARE,  /* the value of its only field, but for a map's name */
} SectionShape;

typedef struct Word {
    const char *word; /* NULL ends a list */
    uint32_t value;
} Word;

typedef struct Section Section;

typedef struct Field {
    const char *key;
    FieldKind kind;
    size_t offset;
    size_t size;
    size_t count_offset; /* of lists and maps */
    Dimension dimension;
    Bounds range;
    const char *fallback; /* as a file would say it */
    bool is_optional;     /* without a fallback: stays absent */
    double absent;        /* an optional number that is absent */
    bool is_unwritten;    /* the reader has used it up */
    bool inherits;        /* a map whose items start as its `default` */
    size_t unless_offset; /* no effect beside this reference; 0: none */
    ReferenceKind reference;
    const Word *words;
    const Section *section;
    const char *word_for_max; /* stands for the greatest integer */
    const char *doc;
} Field;

struct Section {
    const char *noun; /* "link", for messages and $defs */
    SectionShape shape;
    size_t size;
    const Field *fields;
    uint32_t field_count;
};

/* The whole file; all other sections hang on it. */
extern const Section SCHEMA_SCENARIO;
extern const Section SCHEMA_NETWORK;
extern const Section SCHEMA_HOST;
extern const Section SCHEMA_ROLES;
extern const Word SCHEMA_AQM_WORDS[];
extern const Word SCHEMA_NAT_WORDS[];

/* Where a field of the struct at `base` is kept. */
static inline void *
field_place(const Field *field, void *base)
{
    return (char *)base + field->offset;
}

/* What a file says for a value of words. */
const char *word_text(const Word *words, uint32_t value);
/* "link" for a reference to one, in messages. */
const char *reference_noun(ReferenceKind kind);
/* JSON Schema (draft 2020-12) of a scenario file. */
GString *schema_write_json(void);

#define FIELD_AT(type, member)                                                 \
    .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define FIELD_COUNTED(type, member, count)                                     \
    FIELD_AT(type, member), .count_offset = offsetof(type, count)
