/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn_log.h: what nodes heard and wanted, in bytes that can be replayed.
 *
 * A log is records, one after another:
 *
 *     u32 size_bytes | u16 kind | u16 check of these | body | u64 check of it
 *
 * A HEAD begins a log, or a further one joined to it; a NODE is where a node
 * begins; then come an EVENT that a node was handed and the TURN that it led
 * to, by turns. Bodies of effects that are longer than a KiB are logged as
 * their size and a hash. What nodes are told in secret stands in it openly.
 */
#pragma once

#include "core/node_log.h"

#define TURN_LOG_VERSION 2u /* another when a layout changes */
#define TURN_LOG_BODY_BYTES_MAX 1024u
#define TURN_LOG_WRITER_BYTES_MAX 255u
#define TURN_LOG_FRAME_BYTES 16u /* of a record, around its body */

typedef enum TurnLogKind {
    TURN_LOG_HEAD,
    TURN_LOG_NODE,
    TURN_LOG_EVENT,
    TURN_LOG_TURN,
    TURN_LOG_KIND_COUNT,
} TurnLogKind;

/* --- writing: append one record --------------------------------------- */
/* writer is a text for people: which program, doing what. */
void turn_log_head(Coder *log, const char *writer);
void turn_log_node(Coder *log, LoggedNode *node);
void turn_log_event(Coder *log, uint32_t node, const Event *event);
void turn_log_turn(Coder *log, const Turn *turn);

/* --- reading ----------------------------------------------------------- */
typedef enum TurnLogStep {
    TURN_LOG_RECORD,
    TURN_LOG_END,
    TURN_LOG_CUT,     /* the bytes end within a record */
    TURN_LOG_DAMAGED, /* these are not the bytes that were written */
} TurnLogStep;

typedef struct TurnLogRecord {
    TurnLogKind kind;
    uint64_t at_bytes;   /* where it begins in the log */
    const uint8_t *body; /* lent */
    uint32_t size_bytes; /* of the body */
} TurnLogRecord;

/* Look at the record at *at_bytes, and move behind it. */
TurnLogStep turn_log_next(const uint8_t *log, uint64_t size_bytes,
                          uint64_t *at_bytes, TurnLogRecord *ret_record);

typedef struct LoggedHead {
    uint32_t version; /* when it is another one, there is nothing else */
    uint32_t writer_bytes;
    const char *writer; /* lent, not terminated */
} LoggedHead;

/* Its event points into itself, and into the bytes that were read. */
typedef struct LoggedEvent {
    uint32_t node;
    Event event;
    Place place;
    Command command;
    Record record;
} LoggedEvent;

/* An effect, with what turns keep elsewhere. */
typedef struct LoggedEffect {
    Effect effect; /* its extent has no chunk */
    bool has_body;
    uint32_t body_bytes;
    const uint8_t *body; /* lent; NULL when only the hash is known */
    uint64_t body_hash;  /* of a long body */
    Record record;       /* EFFECT_STORE */
} LoggedEffect;

/* Each is false when the body is not of that kind. */
bool turn_log_parse_head(const TurnLogRecord *record, LoggedHead *ret_head);
/* logged_node_clear and logged_event_clear release, only after true. */
bool turn_log_parse_node(const TurnLogRecord *record, LoggedNode *ret_node);
bool turn_log_parse_event(const TurnLogRecord *record, LoggedEvent *ret_event);
void logged_event_clear(LoggedEvent *event);

typedef struct LoggedTurn {
    int64_t wake_ns;
    uint32_t effect_count;
    uint32_t read_count; /* of the effects */
    Coder coder;
} LoggedTurn;

/* Checks the turn to its end; then read its effects one by one. */
bool turn_log_parse_turn(const TurnLogRecord *record, LoggedTurn *ret_turn);
bool logged_turn_next(LoggedTurn *turn, LoggedEffect *ret_effect);

/* Both ways, each the body of a record or a part of it. */
void logged_event_code(LoggedEvent *event, Coder *coder);
void logged_effect_code(LoggedEffect *effect, Coder *coder);

/* 64 bits that differ when one byte does; no secret keeps others from
 * making equal ones. */
uint64_t turn_log_hash(const uint8_t *bytes, uint64_t size_bytes);
