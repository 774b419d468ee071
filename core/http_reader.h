/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/http_reader.h: cuts what arrives on one stream into HTTP messages.
 *
 * A role embeds one reader a stream and loops over every EVENT_RECEIVED:
 *
 *     HttpInput input = http_input(event);
 *     for (;;) switch (http_reader_next(&reader, &input, &piece)) ...
 *
 * until HTTP_MORE (the input is used up) or HTTP_BAD (refuse and close).
 * Every message gives HTTP_HEAD, any number of HTTP_BODY, then HTTP_END.
 * Memory is held only while a head, or a body being collected, is cut short
 * by the end of an input.
 */
#pragma once

#include "core/coder.h"
#include "core/http.h"

#define HTTP_COLLECT_BYTES_MAX 65536u

typedef enum HttpSide {
    HTTP_REQUESTS,  /* this stream brings requests: we are the server */
    HTTP_RESPONSES, /* this stream brings responses */
} HttpSide;

typedef enum HttpStep {
    HTTP_MORE, /* nothing left to read */
    HTTP_HEAD, /* piece->head */
    HTTP_BODY, /* piece->bytes or piece->extent, piece->size_bytes */
    HTTP_END,  /* the message is complete */
    HTTP_BAD,  /* piece->status says how to refuse; so does every later call */
} HttpStep;

/* The part of an event not yet read. */
typedef struct HttpInput {
    const uint8_t *bytes; /* NULL: the data is the extent */
    uint64_t size_bytes;
    const Extent *extent;
} HttpInput;

/* What a step found; lent until the next step or the end of the turn. */
typedef struct HttpPiece {
    HttpHead head;
    const uint8_t *bytes; /* NULL: extent */
    const Extent *extent;
    uint64_t size_bytes;
    uint16_t status;
} HttpPiece;

typedef struct HttpReader {
    uint64_t left_bytes; /* of the body */
    uint8_t *held;       /* a head or a collected body, so far */
    uint32_t held_bytes;
    uint32_t held_capacity;
    uint16_t status; /* of the refusal */
    uint8_t side;
    uint8_t state;
    bool is_collecting;
    bool is_lent; /* held was handed out by the last step */
} HttpReader;

void http_reader_init(HttpReader *reader, HttpSide side);
void http_reader_clear(HttpReader *reader);

HttpInput http_input(const Event *event);
HttpStep http_reader_next(HttpReader *reader, HttpInput *input,
                          HttpPiece *ret_piece);
/* Call right after HTTP_HEAD: the body then comes as one HTTP_BODY (none if
 * it is empty), in bytes. False, and nothing done, above
 * HTTP_COLLECT_BYTES_MAX. */
bool http_reader_collect(HttpReader *reader);
/* Call right after HTTP_HEAD of what answers HTTP_HEAD_ONLY: no body follows.
 */
void http_reader_skip_body(HttpReader *reader);
/* Is this reader between two messages? */
bool http_reader_is_idle(const HttpReader *reader);
/* Write its state, or read it into one that http_reader_init made. */
void http_reader_code(HttpReader *reader, Coder *coder);
