/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/tree_limit.h: refuse YAML that would take libyaml for ever.
 *
 * libyaml 0.2.5 takes time in the square of the flow depth, of the anchors
 * and of the tag directives. A first pass over the events, which it makes in
 * linear time, refuses what is beyond any sensible scenario.
 */
#pragma once

#include "sim/yaml/complaint.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#define TREE_DEPTH_MAX 64u
#define TREE_ANCHORS_MAX 1000u
#define TREE_ALIASES_MAX 100000u

/* False with a complaint: a syntax error, or too much of something. */
bool tree_limit_check(const char *text, size_t text_bytes,
                      Complaints *complaints);

/* Begin to parse a text in UTF-8. */
void tree_limit_open(yaml_parser_t *parser, const char *text,
                     size_t text_bytes);
/* Say where the parser gave up, and why. */
void tree_limit_complain(Complaints *complaints, const yaml_parser_t *parser);
Mark tree_limit_mark(yaml_mark_t mark);
