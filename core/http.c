/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/http.c: reads and writes HTTP/1.1 heads (RFC 9110, RFC 9112).
 *
 * A head is parsed in one go once its blank line has come. The scan that
 * looks for that line already refuses bytes no head may hold, so that a
 * peer that never sends CR LF is not waited for.
 */
#include "core/http.h"

#include <assert.h>
#include <string.h>
#include <glib.h>

/* A lent run of characters. */
typedef struct Text {
    const char *start;
    uint32_t size_bytes;
} Text;

/* Which fields a head has had so far: a second one is refused. */
typedef struct Seen {
    bool host;
    bool content_length;
    bool transfer_encoding;
    bool range;
    bool connection;
} Seen;

HttpScan
http_scan(const uint8_t *bytes, uint64_t size_bytes, uint64_t start_bytes,
          uint32_t *ret_head_bytes)
{
    uint64_t end_bytes = MIN(size_bytes, HTTP_HEAD_BYTES_MAX);
    for (uint64_t i = start_bytes; i < end_bytes; i++) {
        uint8_t byte = bytes[i];
        bool is_after_cr = i > 0 && bytes[i - 1] == '\r';
        if (is_after_cr != (byte == '\n'))
            return HTTP_SCAN_BAD; /* bare CR or bare LF */
        if (byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n')
            return HTTP_SCAN_BAD;
        if (byte == 0x7f)
            return HTTP_SCAN_BAD;
        if (byte != '\n' || i < 3 || bytes[i - 2] != '\n')
            continue;
        *ret_head_bytes = (uint32_t)(i + 1);
        return HTTP_SCAN_END;
    }
    return HTTP_SCAN_MORE;
}

static bool
text_is(Text text, const char *word)
{
    return text.size_bytes == strlen(word) &&
           memcmp(text.start, word, text.size_bytes) == 0;
}

static bool
text_is_nocase(Text text, const char *word)
{
    return text.size_bytes == strlen(word) &&
           g_ascii_strncasecmp(text.start, word, text.size_bytes) == 0;
}

/* Cut off and return what stands before the first mark; text keeps what
 * follows it. False, and nothing done, if there is no mark. */
static bool
text_cut(Text *text, char mark, Text *ret_before)
{
    const char *found = memchr(text->start, mark, text->size_bytes);
    if (!found)
        return false;
    uint32_t before_bytes = (uint32_t)(found - text->start);
    *ret_before = (Text){text->start, before_bytes};
    text->start += before_bytes + 1;
    text->size_bytes -= before_bytes + 1;
    return true;
}

static Text
text_trim(Text text)
{
    while (text.size_bytes > 0 &&
           (text.start[0] == ' ' || text.start[0] == '\t')) {
        text.start++;
        text.size_bytes--;
    }
    while (text.size_bytes > 0 && (text.start[text.size_bytes - 1] == ' ' ||
                                   text.start[text.size_bytes - 1] == '\t'))
        text.size_bytes--;
    return text;
}

/* Cut the next line, without its CR LF; the scan has vouched for pairs. */
static Text
cut_line(Text *rest)
{
    Text line;
    bool is_cut = text_cut(rest, '\n', &line);
    assert(is_cut);
    assert(line.size_bytes > 0 && line.start[line.size_bytes - 1] == '\r');
    line.size_bytes--;
    return line;
}

bool
http_parse_number(const char *text, uint32_t text_bytes, uint64_t *ret_value)
{
    if (text_bytes == 0 || text_bytes > 20)
        return false;
    if (text[0] == '0' && text_bytes > 1)
        return false;
    uint64_t value = 0;
    for (uint32_t i = 0; i < text_bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

static bool
text_number(Text text, uint64_t *ret_value)
{
    return http_parse_number(text.start, text.size_bytes, ret_value);
}

/* RFC 9110 section 5.6.2. */
static bool
is_token(Text text)
{
    for (uint32_t i = 0; i < text.size_bytes; i++)
        if (!g_ascii_isalnum(text.start[i]) &&
            !strchr("!#$%&'*+-.^_`|~", text.start[i]))
            return false;
    return text.size_bytes > 0;
}

/* What follows the dash of "-n". */
static bool
parse_suffix(Text text, HttpRange *ret_range)
{
    ret_range->offset_bytes = HTTP_RANGE_SUFFIX;
    return text_number(text, &ret_range->size_bytes) &&
           ret_range->size_bytes > 0 && ret_range->size_bytes < INT64_MAX;
}

/* "a-b" or, where open is allowed, "a-" or "-n". */
static bool
parse_span(Text text, bool is_open_allowed, HttpRange *ret_range)
{
    Text before;
    uint64_t first, last;
    if (!text_cut(&text, '-', &before))
        return false;
    if (before.size_bytes == 0 && is_open_allowed)
        return parse_suffix(text, ret_range);
    if (!text_number(before, &first) || first >= INT64_MAX)
        return false;
    if (text.size_bytes == 0 && is_open_allowed) {
        ret_range->offset_bytes = first;
        ret_range->size_bytes = HTTP_RANGE_OPEN;
        return true;
    }
    if (!text_number(text, &last) || last < first)
        return false;
    if (last - first >= INT64_MAX)
        return false;
    ret_range->offset_bytes = first;
    ret_range->size_bytes = last - first + 1;
    return true;
}

static uint16_t
parse_range(Text value, HttpHead *head)
{
    Text unit;
    if (!text_cut(&value, '=', &unit) || !is_token(unit))
        return 416;
    /* RFC 9110 section 14.2: units that we do not know are ignored. */
    if (!text_is_nocase(unit, "bytes"))
        return 0;
    if (!parse_span(value, true, &head->range))
        return 416;
    head->has_range = true;
    return 0;
}

/* "bytes a-b/total", or of a 416 an asterisk for a-b. */
static bool
parse_content_range(Text value, HttpHead *head)
{
    Text unit, span;
    if (!text_cut(&value, ' ', &unit) || !text_is(unit, "bytes"))
        return false;
    if (!text_cut(&value, '/', &span))
        return false;
    if (!text_number(value, &head->range.total_bytes))
        return false;
    if (head->status == 416) {
        head->has_range = true;
        return text_is(span, "*");
    }
    HttpRange *range = &head->range;
    if (!parse_span(span, false, range))
        return false;
    if (range->size_bytes > range->total_bytes ||
        range->offset_bytes > range->total_bytes - range->size_bytes)
        return false;
    head->has_range = true;
    return true;
}

static void
parse_connection(Text value, HttpHead *head)
{
    Text option;
    while (text_cut(&value, ',', &option))
        head->is_last |= text_is_nocase(text_trim(option), "close");
    head->is_last |= text_is_nocase(text_trim(value), "close");
}

static bool
is_host(Text value)
{
    for (uint32_t i = 0; i < value.size_bytes; i++)
        if (!g_ascii_isalnum(value.start[i]) &&
            !strchr("-._:[]", value.start[i]))
            return false;
    return value.size_bytes > 0;
}

/* Note a field as seen; false if it was before. */
static bool
see_once(bool *seen)
{
    if (*seen)
        return false;
    *seen = true;
    return true;
}

static uint16_t
parse_field(Text name, Text value, HttpHead *head, Seen *seen)
{
    if (text_is_nocase(name, "Content-Length"))
        return see_once(&seen->content_length) &&
                       text_number(value, &head->body_bytes) &&
                       head->body_bytes < INT64_MAX
                   ? 0
                   : 400;
    if (text_is_nocase(name, "Transfer-Encoding"))
        seen->transfer_encoding = true; /* refused at the end of the head */
    if (text_is_nocase(name, "Connection")) {
        if (!see_once(&seen->connection))
            return 400;
        parse_connection(value, head);
    }
    if (head->status != 0) {
        if (text_is_nocase(name, "Allow") && text_is(value, "POST"))
            head->method = HTTP_POST;
        if (text_is_nocase(name, "Content-Range"))
            return see_once(&seen->range) && parse_content_range(value, head)
                       ? 0
                       : 400;
        return 0;
    }
    if (text_is_nocase(name, "Host"))
        return see_once(&seen->host) && is_host(value) ? 0 : 400;
    if (text_is_nocase(name, "Range")) {
        if (!see_once(&seen->range))
            return 400;
        /* RFC 9110 section 14.2: of GET alone. */
        return head->method == HTTP_HEAD_ONLY ? 0 : parse_range(value, head);
    }
    if (text_is_nocase(name, "Expect"))
        return 417;
    return 0;
}

static uint16_t
parse_fields(Text rest, HttpHead *head, Seen *seen)
{
    uint32_t field_count = 0;
    for (;;) {
        Text value = cut_line(&rest);
        if (value.size_bytes == 0)
            return rest.size_bytes == 0 ? 0 : 400;
        if (++field_count > HTTP_FIELD_COUNT_MAX)
            return 431;
        Text name;
        if (!text_cut(&value, ':', &name) || !is_token(name))
            return 400; /* a folded line has a blank in its "name" */
        uint16_t status = parse_field(name, text_trim(value), head, seen);
        if (status)
            return status;
    }
}

/* Our own paths need no percent escapes; nobody else's are served. */
static uint16_t
check_target(Text target)
{
    if (target.size_bytes > HTTP_TARGET_BYTES_MAX)
        return 414;
    if (target.size_bytes == 0 || target.start[0] != '/')
        return 400;
    for (uint32_t i = 0; i < target.size_bytes; i++) {
        char at = target.start[i];
        if (!g_ascii_isalnum(at) && !strchr("-._~!$&'()*+,;=:@/?", at))
            return 400;
        if (at == '/' && i + 2 < target.size_bytes &&
            target.start[i + 1] == '.' && target.start[i + 2] == '.')
            return 400;
    }
    return 0;
}

static uint16_t
parse_request_line(Text line, HttpHead *head)
{
    Text method, target;
    if (!text_cut(&line, ' ', &method) || !is_token(method))
        return 400;
    if (!text_cut(&line, ' ', &target))
        return 400;
    uint16_t status = check_target(target);
    if (status)
        return status;
    if (!text_is(line, "HTTP/1.1"))
        return g_str_has_prefix(line.start, "HTTP/") ? 505 : 400;
    if (text_is(method, "GET"))
        head->method = HTTP_GET;
    else if (text_is(method, "POST"))
        head->method = HTTP_POST;
    else if (text_is(method, "HEAD"))
        head->method = HTTP_HEAD_ONLY;
    else
        return 501;
    head->target = target.start;
    head->target_bytes = target.size_bytes;
    return 0;
}

uint16_t
http_parse_request(const uint8_t *bytes, uint32_t size_bytes,
                   HttpHead *ret_head)
{
    assert(size_bytes >= 4 && size_bytes <= HTTP_HEAD_BYTES_MAX);
    Text rest = {(const char *)bytes, size_bytes};
    HttpHead head = {0};
    Seen seen = {0};
    uint16_t status = parse_request_line(cut_line(&rest), &head);
    if (!status)
        status = parse_fields(rest, &head, &seen);
    if (status)
        return status;
    if (seen.transfer_encoding) /* with a length too: one of them lies */
        return seen.content_length ? 400 : 501;
    if (!seen.host)
        return 400;
    if (head.method == HTTP_POST && !seen.content_length)
        return 411;
    if (head.method != HTTP_POST && head.body_bytes > 0)
        return 400;
    *ret_head = head;
    return 0;
}

static bool
parse_status_line(Text line, HttpHead *head)
{
    Text version;
    uint64_t status;
    if (!text_cut(&line, ' ', &version) || !text_is(version, "HTTP/1.1"))
        return false;
    if (line.size_bytes < 4 || line.start[3] != ' ')
        return false;
    if (!text_number((Text){line.start, 3}, &status))
        return false;
    head->status = (uint16_t)status;
    /* We ask for nothing that 1xx, or a 304, could answer. */
    return status >= 200 && status <= 599 && status != 304;
}

uint16_t
http_parse_response(const uint8_t *bytes, uint32_t size_bytes,
                    HttpHead *ret_head)
{
    assert(size_bytes >= 4 && size_bytes <= HTTP_HEAD_BYTES_MAX);
    Text rest = {(const char *)bytes, size_bytes};
    HttpHead head = {0};
    Seen seen = {0};
    if (!parse_status_line(cut_line(&rest), &head))
        return 502;
    if (parse_fields(rest, &head, &seen) || seen.transfer_encoding)
        return 502;
    bool is_empty = head.status == 204;
    if (is_empty ? head.body_bytes > 0 : !seen.content_length)
        return 502;
    if (head.status != 416 && head.has_range != (head.status == 206))
        return 502;
    if (head.status == 206 && head.range.size_bytes != head.body_bytes)
        return 502;
    *ret_head = head;
    return 0;
}

bool
http_is_path(const HttpHead *head, const char *path)
{
    Text target = {head->target, head->target_bytes};
    Text before;
    if (text_cut(&target, '?', &before))
        return text_is(before, path);
    return text_is(target, path);
}

bool
http_parse_query(const HttpHead *head, const char *name, uint64_t *ret_value)
{
    Text target = {head->target, head->target_bytes};
    Text before;
    if (!text_cut(&target, '?', &before))
        return false;
    if (!text_cut(&target, '=', &before) || !text_is(before, name))
        return false;
    return text_number(target, ret_value);
}
