/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/stage.h: a small world in memory for real nodes, told as a story.
 *
 * Hosts have an access line (up, down: first come, first served, shared by
 * all their streams); pairs have a delay; a stream has at most a rate. No
 * loss, no clock, no luck: a stage run twice gives the same trace. Every
 * byte that a node delivers must be new and equal to the file's.
 */
#pragma once

#include "core/coder.h"
#include "core/node.h"
#include "tests/pipe.h"

typedef struct Stage Stage;

typedef struct StageFile {
    FileId id;
    uint32_t number;
    uint64_t size_bytes;
    uint64_t version;
    bool has_payload; /* real bytes, or sizes alone */
} StageFile;

Stage *stage_new(uint64_t seed);
void stage_free(Stage *stage);

/* The node starts at the time of the call, when the stage next runs. */
PeerId stage_add(Stage *stage, const char *name, Role role, const void *config);
/* Before the first run: who serves it, and where it stands. */
Place *stage_place(Stage *stage, PeerId peer);
StageFile stage_add_file(Stage *stage, uint64_t size_bytes, bool has_payload);

void stage_set_line(Stage *stage, PeerId peer, uint64_t up_bps,
                    uint64_t down_bps);
/* One way, both ways; 10 ms when not said. */
void stage_set_delay(Stage *stage, PeerId a, PeerId b, int64_t delay_ns);
/* What one stream from a to b carries at most. */
void stage_set_rate(Stage *stage, PeerId from, PeerId to, uint64_t rate_bps);

/* The host loses its power: nothing comes or goes, nobody is told. */
void stage_cut(Stage *stage, PeerId peer);
/* The process dies: its streams are reset and new ones refused. */
void stage_kill(Stage *stage, PeerId peer);
/* The host refuses new streams, and keeps the ones it has. */
void stage_refuse(Stage *stage, PeerId peer);
/* Flip one bit of the next file data that passes out of this host. */
void stage_flip_bit(Stage *stage, PeerId peer);

void stage_command(Stage *stage, PeerId peer, const Command *command);
/* A fetch of the whole file, under a tag for the notes. */
void stage_fetch(Stage *stage, PeerId client, const StageFile *file,
                 uint32_t tag);
void stage_run_ns(Stage *stage, int64_t duration_ns);
int64_t stage_now_ns(const Stage *stage);
/* Before the first run: append all that follows to a turn log. */
void stage_log(Stage *stage, Coder *log);

/* Leave notes of one kind out of the trace (they are still counted). */
void stage_hush(Stage *stage, NoteKind kind);
/* Leave one node's notes out of the trace. */
void stage_hush_node(Stage *stage, PeerId peer);
/* Compare the trace since the last call: one note a line, "TIME ms NODE
 * NOTE ABOUT VALUE". Prints both sides from the last equal line. */
void stage_expect(Stage *stage, const char *text);

uint64_t stage_note_count(const Stage *stage, PeerId peer, NoteKind kind);
uint64_t stage_note_sum(const Stage *stage, PeerId peer, NoteKind kind);
uint64_t stage_note_last(const Stage *stage, PeerId peer, NoteKind kind);
uint64_t stage_work(const Stage *stage, PeerId peer, WorkKind kind);
/* Bytes of file data that the node delivered, all new and all in place. */
uint64_t stage_delivered_bytes(const Stage *stage, PeerId peer);
/* Of those that carried bytes: how many differed from the file's. Damage
 * must be expected before it comes: stage_flip_bit does. */
uint64_t stage_damaged_bytes(const Stage *stage, PeerId peer);
/* File data that entered the node's outboxes or left its inboxes. */
uint64_t stage_body_sent_bytes(const Stage *stage, PeerId peer);
/* What a node knows, as node_code writes it; the caller clears it. */
Coder stage_node_bytes(const Stage *stage, PeerId peer);
uint32_t stage_open_stream_count(const Stage *stage, PeerId peer);
