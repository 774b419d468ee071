/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/proof.h: what the simulator is held against, in one table.
 *
 * A row is one number with a known truth. Rows that name the same experiment
 * with the same settings are measured together, `part` says which of its
 * numbers a row is about. Documentation (--list), the verb and the tests all
 * read this table; a band is never widened after a failure without a reason
 * in the commit.
 */
#pragma once

#include "sim/validate/sample.h"

#include <stdbool.h>

#define PROOF_SETTINGS_MAX 3
#define PROOF_PARTS_MAX 12

typedef enum ProofBand {
    BAND_EXACT,       /* measured = expected */
    BAND_ROUNDING,    /* within `tolerance` units, a documented rounding */
    BAND_STATISTICAL, /* the truth lies in the 99.9 % interval, whose half
                       * width is at most tolerance * expected */
    BAND_MODEL,       /* an approximate formula: within tolerance (ratio) */
    BAND_AT_LEAST,    /* the lower end of the interval reaches expected */
} ProofBand;

typedef void Experiment(const double settings[PROOF_SETTINGS_MAX],
                        Estimate ret_parts[PROOF_PARTS_MAX]);

typedef struct ProofRow {
    const char *id;     /* as in the literature of this project: Q1, T5 */
    const char *text;   /* the case */
    const char *source; /* of the expected value */
    Experiment *experiment;
    double settings[PROOF_SETTINGS_MAX];
    uint32_t part;
    double expected;
    ProofBand band;
    double tolerance;
} ProofRow;

extern const ProofRow PROOF_ROWS[];
extern const uint32_t PROOF_ROW_COUNT;

bool proof_is_met(const ProofRow *row, Estimate measured);
/* "exact", "2 %", ">=", with what the interval adds; g_free it. */
char *proof_band_text(const ProofRow *row);
/* Measure a row, or take its number from the row before when both belong to
 * one experiment; parts is kept between calls. */
Estimate proof_measure(const ProofRow *row, const ProofRow *previous,
                       Estimate parts[PROOF_PARTS_MAX]);

/* --- link.c ------------------------------------------------------------- */
extern Experiment proof_transmission; /* ns for one packet */
extern Experiment proof_hops; /* packets, hops: ns until the last is there */
extern Experiment proof_conservation; /* packets missing; packet-ns by Little */
extern Experiment proof_random_loss;  /* p, packets: share lost */
extern Experiment
    proof_burst_loss; /* p, r: share lost, burst, p of chi-square */
/* --- queue.c ------------------------------------------------------------ */
extern Experiment proof_random_service; /* load: mean time in system, p99 */
extern Experiment proof_fixed_service;  /* load: mean wait */
extern Experiment proof_blocking;       /* load, places: share refused */
/* --- transport.c -------------------------------------------------------- */
extern Experiment proof_estimator;  /* SRTT, RTTVAR, RTO in ms, by sample */
extern Experiment proof_back_off;   /* s of each SYN sent again */
extern Experiment proof_karn;       /* ms of SRTT after a segment sent twice */
extern Experiment proof_slow_start; /* bytes, initial window: round trips */
extern Experiment proof_cubic_k;    /* window: s */
extern Experiment proof_reno_rate;  /* p: Mbit/s */
/* --- share.c ------------------------------------------------------------ */
extern Experiment proof_goodput;  /* Mbit/s, ms, streams: share of capacity */
extern Experiment proof_fairness; /* congestion control: Jain's index */
/* --- order.c ------------------------------------------------------------ */
extern Experiment proof_order; /* differences in order */
/* --- twin.c ------------------------------------------------------------- */
extern Experiment proof_fingerprint; /* 1 if other: twice, watched, seed */
extern Experiment proof_bystander;   /* 1 if other: idle node, name, order */
