/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/schema.c: the keys of a scenario, but for network and roles.
 */
#include "sim/schema.h"
#include "core/seal.h"

#include <assert.h>
#include <math.h>

#define TIME .dimension = DIMENSION_TIME
#define RATIO .dimension = DIMENSION_RATIO, .range = {0, 1}
#define FINE_TIME .dimension = DIMENSION_FINE_TIME, .range = {0, 1e15}

static const Word CONGESTION_WORDS[] = {
    {"cubic", PLAN_CUBIC},
    {"reno", PLAN_RENO},
    {NULL, 0},
};

static const Word SELECTION_WORDS[] = {
    {"preferred", PLAN_SELECTION_PREFERRED},
    {"nearby", PLAN_SELECTION_NEARBY},
    {"random", PLAN_SELECTION_RANDOM},
    {NULL, 0},
};

/* Numbers of key records; nothing carries the tags of ALG_GCM yet. */
static const Word ALGORITHM_WORDS[] = {
    {"plain", ALG_PLAIN},
    {"paper-ctr", ALG_PAPER_CTR},
    {"paper-cfb", ALG_PAPER_CFB},
    {"paper-cbc", ALG_PAPER_CBC},
    {"aes-256-ctr", ALG_CTR},
    {"aes-256-cfb", ALG_CFB},
    {"aes-256-cbc", ALG_CBC},
    {"chacha20", ALG_CHACHA20},
    {NULL, 0},
};

static const Field GENERAL_FIELDS[] = {
    {"seed", FIELD_INTEGER, FIELD_AT(PlanGeneral, seed), .range = {0, 9e18},
     .fallback = "1", .doc = "Names the study."},
    {"replication", FIELD_INTEGER, FIELD_AT(PlanGeneral, replication),
     .range = {0, 9e18}, .fallback = "0",
     .doc = "Names one of its repetitions."},
    {"stop_time", FIELD_INTEGER, FIELD_AT(PlanGeneral, stop_time_ns), TIME,
     .range = {1, 0}, .doc = "When the simulation ends."},
    {"warmup", FIELD_INTEGER, FIELD_AT(PlanGeneral, warmup_ns), TIME,
     .fallback = "0 s", .doc = "When downloads begin, and pictures of links."},
    {"clock", FIELD_INTEGER, FIELD_AT(PlanGeneral, clock_ns), TIME,
     .range = {0, 86400e9 - 1}, .fallback = "0 h",
     .doc = "Local time of day at time 0."},
    {"output", FIELD_TEXT, FIELD_AT(PlanGeneral, output), .is_optional = true,
     .doc = "Folder of the results; else out/TITLE-SEED."},
};
static const Section GENERAL = {"general", SECTION_MAP, sizeof(PlanGeneral),
                                GENERAL_FIELDS, G_N_ELEMENTS(GENERAL_FIELDS)};

static const Field FLOW_FIELDS[] = {
    {"from", FIELD_HOST_END, FIELD_AT(PlanFlow, from),
     .reference = REFERENCE_HOST, .doc = "A host or a group."},
    {"to", FIELD_HOST_END, FIELD_AT(PlanFlow, to), .reference = REFERENCE_HOST,
     .doc = "A host or a group; two groups pair member by member."},
    {"bytes", FIELD_INTEGER, FIELD_AT(PlanFlow, size_bytes),
     .dimension = DIMENSION_SIZE, .range = {1, 0}, .word_for_max = "endless",
     .doc = "Size of the transfer of each pair."},
    {"start", FIELD_INTEGER, FIELD_AT(PlanFlow, start_ns), TIME,
     .fallback = "0 s", .doc = "When the first pair begins."},
    {"every", FIELD_INTEGER, FIELD_AT(PlanFlow, every_ns), TIME,
     .fallback = "0 s", .doc = "Each further pair begins so much later."},
    {"connections", FIELD_INTEGER, FIELD_AT(PlanFlow, connections),
     .range = {1, 1000}, .fallback = "1",
     .doc = "Parallel connections that share the bytes."},
    {"transport", FIELD_REFERENCE, FIELD_AT(PlanFlow, transport),
     .reference = REFERENCE_TRANSPORT, .fallback = "default",
     .doc = "Of both ends."},
};
static const Section FLOW = {"flow", SECTION_MAP, sizeof(PlanFlow), FLOW_FIELDS,
                             G_N_ELEMENTS(FLOW_FIELDS)};

static const Field DOWNLOADS_FIELDS[] = {
    {"slow", FIELD_INTEGER, FIELD_AT(PlanDownloads, slow), .fallback = "0",
     .doc = "Stop after so many measured slow downloads; 0: at stop_time."},
    {"interval", FIELD_DISTRIBUTION, FIELD_AT(PlanDownloads, interval), TIME,
     .range = {1, 0}, .doc = "Between the starts of two downloads."},
    {"file_size", FIELD_DISTRIBUTION, FIELD_AT(PlanDownloads, file_size),
     .dimension = DIMENSION_SIZE, .range = {1, 0}, .doc = "Of each file."},
    {"file_size_max", FIELD_INTEGER, FIELD_AT(PlanDownloads, file_bytes_max),
     .dimension = DIMENSION_SIZE, .range = {1, 0}, .fallback = "4 GB",
     .doc = "Larger draws are drawn again."},
    {"conditioned", FIELD_FLAG, FIELD_AT(PlanDownloads, is_conditioned),
     .fallback = "false",
     .doc = "Make only those that can be slow: whose way is congested while "
            "they last, or is below 2 T without others."},
    {"whole_files", FIELD_FLAG, FIELD_AT(PlanDownloads, has_whole_files),
     .fallback = "true", .doc = "Else a download ends with its windows."},
    {"watch", FIELD_INTEGER, FIELD_AT(PlanDownloads, watch_ns), TIME,
     .fallback = "30 s",
     .doc = "Without whole_files: not slow by then, it is let go; 0: never."},
};
static const Section DOWNLOADS = {"downloads", SECTION_MAP,
                                  sizeof(PlanDownloads), DOWNLOADS_FIELDS,
                                  G_N_ELEMENTS(DOWNLOADS_FIELDS)};

static const Field WORKLOAD_FIELDS[] = {
    {"flows", FIELD_LIST, FIELD_COUNTED(PlanWorkload, flows, flow_count),
     .section = &FLOW, .is_optional = true, .doc = "Bare transfers."},
    {"downloads", FIELD_OPTION, FIELD_AT(PlanWorkload, downloads),
     .section = &DOWNLOADS, .doc = "What clients fetch."},
};
static const Section WORKLOAD = {"workload", SECTION_MAP, sizeof(PlanWorkload),
                                 WORKLOAD_FIELDS,
                                 G_N_ELEMENTS(WORKLOAD_FIELDS)};

static const Field SELECTION_FIELDS[] = {
    {"policy", FIELD_WORD, .size = sizeof(PlanSelection),
     .words = SELECTION_WORDS, .doc = "How the manager chooses."},
};
static const Section SELECTION = {"selection", SECTION_BARE,
                                  sizeof(PlanSelection), SELECTION_FIELDS,
                                  G_N_ELEMENTS(SELECTION_FIELDS)};

static const Field POLICIES_FIELDS[] = {
    {"selection", FIELD_LIST,
     FIELD_COUNTED(PlanPolicies, selection, selection_count),
     .section = &SELECTION, .fallback = "[preferred]",
     .doc = "Each is run with the same downloads."},
};
static const Section POLICIES = {"policies", SECTION_MAP, sizeof(PlanPolicies),
                                 POLICIES_FIELDS,
                                 G_N_ELEMENTS(POLICIES_FIELDS)};

static const Field TRANSPORT_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanTransport, name),
     .doc = "What flows and roles call it; default is for all others."},
    {"congestion", FIELD_WORD, FIELD_AT(PlanTransport, congestion),
     .words = CONGESTION_WORDS, .fallback = "cubic",
     .doc = "Congestion control."},
    {"initial_window", FIELD_INTEGER, FIELD_AT(PlanTransport, initial_window),
     .range = {1, 10000}, .fallback = "10", .doc = "Segments."},
    {"mss", FIELD_INTEGER, FIELD_AT(PlanTransport, mss_bytes),
     .dimension = DIMENSION_SIZE, .range = {88, 65000}, .fallback = "1448 B",
     .doc = "Payload of a full segment."},
    {"header", FIELD_INTEGER, FIELD_AT(PlanTransport, header_bytes),
     .dimension = DIMENSION_SIZE, .range = {20, 200}, .fallback = "52 B",
     .doc = "IP and TCP headers of each packet."},
    {"delayed_ack", FIELD_FLAG, FIELD_AT(PlanTransport, has_delayed_ack),
     .fallback = "true", .doc = "One acknowledgement for two segments."},
    {"slow_start_after_idle", FIELD_FLAG,
     FIELD_AT(PlanTransport, has_slow_start_after_idle), .fallback = "true",
     .doc = "An idle connection loses its window."},
    {"hystart", FIELD_FLAG, FIELD_AT(PlanTransport, has_hystart),
     .fallback = "true", .doc = "Cubic leaves slow start before loss."},
    {"receive_window", FIELD_INTEGER,
     FIELD_AT(PlanTransport, receive_window_bytes), .dimension = DIMENSION_SIZE,
     .range = {1024, 1073741824}, .fallback = "6 MiB",
     .doc = "Bytes in flight to a receiver, at most."},
};
static const Section TRANSPORT = {"transport", SECTION_MAP,
                                  sizeof(PlanTransport), TRANSPORT_FIELDS,
                                  G_N_ELEMENTS(TRANSPORT_FIELDS)};

static const Field SECURITY_FIELDS[] = {
    {"algorithm", FIELD_WORD, FIELD_AT(PlanSecurity, algorithm),
     .words = ALGORITHM_WORDS, .fallback = "aes-256-ctr",
     .doc = "That seals slices."},
    {"slice_size", FIELD_INTEGER, FIELD_AT(PlanSecurity, slice_bytes),
     .dimension = DIMENSION_SIZE, .range = {16, SLICE_BYTES_MAX},
     .fallback = "16 KiB",
     .doc = "Bytes with a key of their own; a multiple of 16 B."},
    {"payload_sampled", FIELD_NUMBER,
     FIELD_AT(PlanSecurity, payload_sampled_ratio), RATIO, .fallback = "0 %",
     .doc = "Share of downloads whose bytes are real: sealed, relayed, opened "
            "and compared."},
    {"seal_slice", FIELD_INTEGER, FIELD_AT(PlanSecurity, seal_slice_ps),
     FINE_TIME, .fallback = "3.2 us", .doc = "CPU time to seal a slice ..."},
    {"seal_byte", FIELD_INTEGER, FIELD_AT(PlanSecurity, seal_byte_ps),
     FINE_TIME, .fallback = "0.4 ns", .doc = "... and for each byte of it."},
    {"open_slice", FIELD_INTEGER, FIELD_AT(PlanSecurity, open_slice_ps),
     FINE_TIME, .fallback = "3.2 us", .doc = "CPU time to open a slice ..."},
    {"open_byte", FIELD_INTEGER, FIELD_AT(PlanSecurity, open_byte_ps),
     FINE_TIME, .fallback = "0.4 ns", .doc = "... and for each byte of it."},
    {"rank", FIELD_INTEGER, FIELD_AT(PlanSecurity, rank_ps), FINE_TIME,
     .fallback = "5 us", .doc = "CPU time to answer a request for edges."},
    {"key", FIELD_INTEGER, FIELD_AT(PlanSecurity, key_ps), FINE_TIME,
     .fallback = "20 us", .doc = "CPU time of a key operation."},
};
static const Section SECURITY = {"security", SECTION_MAP, sizeof(PlanSecurity),
                                 SECURITY_FIELDS,
                                 G_N_ELEMENTS(SECURITY_FIELDS)};

static const Field DURATION_FIELDS[] = {
    {"time", FIELD_INTEGER, FIELD_AT(PlanDuration, ns), TIME, .range = {1e9, 0},
     .doc = "A time."},
};
static const Section DURATION = {"time", SECTION_BARE, sizeof(PlanDuration),
                                 DURATION_FIELDS,
                                 G_N_ELEMENTS(DURATION_FIELDS)};

static const Field CAPTURE_FIELDS[] = {
    {"link", FIELD_TEXT, FIELD_AT(PlanCapture, link), .doc = "Its name."},
};
static const Section CAPTURE = {"captured link", SECTION_BARE,
                                sizeof(PlanCapture), CAPTURE_FIELDS,
                                G_N_ELEMENTS(CAPTURE_FIELDS)};

static const Field MEASURE_FIELDS[] = {
    {"window", FIELD_INTEGER, FIELD_AT(PlanMeasure, window_ns), TIME,
     .range = {1e9, 0}, .fallback = "30 s",
     .doc = "From the slow trigger on, in which speeds are measured."},
    {"sensitivity", FIELD_LIST,
     FIELD_COUNTED(PlanMeasure, sensitivity, sensitivity_count),
     .section = &DURATION, .fallback = "[10 s, 60 s]",
     .doc = "Other windows, reported beside it; at most three, rising."},
    {"link_interval", FIELD_INTEGER, FIELD_AT(PlanMeasure, link_interval_ns),
     TIME, .range = {1e6, 0}, .fallback = "1 s",
     .doc = "Between two rows of a link in links.csv."},
    {"trace", FIELD_FLAG, FIELD_AT(PlanMeasure, has_trace), .fallback = "false",
     .doc = "A row of notes.csv for all that nodes note, of downloads."},
    {"pcap", FIELD_LIST, FIELD_COUNTED(PlanMeasure, pcap, pcap_count),
     .section = &CAPTURE, .fallback = "[]",
     .doc = "Links, by name: each packet that one delivers goes to a file in "
            "pcap/, for tcpdump and Wireshark."},
};
static const Section MEASURE = {"measure", SECTION_MAP, sizeof(PlanMeasure),
                                MEASURE_FIELDS, G_N_ELEMENTS(MEASURE_FIELDS)};

static const Field VALUE_FIELDS[] = {
    {"value", FIELD_TEXT, FIELD_AT(PlanValue, text),
     .doc = "As --set takes it; lists and maps in quotes."},
};
static const Section VALUE = {"value", SECTION_BARE, sizeof(PlanValue),
                              VALUE_FIELDS, G_N_ELEMENTS(VALUE_FIELDS)};

static const Field VARY_FIELDS[] = {
    {"key", FIELD_NAME, FIELD_AT(PlanVary, key),
     .doc = "Path of a key, as for --set."},
    {"values", FIELD_LIST, FIELD_COUNTED(PlanVary, values, value_count),
     .section = &VALUE, .doc = "What it is to be, one after the other."},
};
static const Section VARY = {"varied key", SECTION_BARE, sizeof(PlanVary),
                             VARY_FIELDS, G_N_ELEMENTS(VARY_FIELDS)};

static const Field SWEEP_FIELDS[] = {
    {"replications", FIELD_INTEGER, FIELD_AT(PlanSweep, replications),
     .range = {1, 10000}, .fallback = "1",
     .doc = "Runs of each point; the n-th has the same luck at every point."},
    {"vary", FIELD_MAP, FIELD_COUNTED(PlanSweep, vary, vary_count),
     .section = &VARY, .is_optional = true,
     .doc = "Key paths, and lists of their values; all combinations are run."},
};
static const Section SWEEP = {"sweep", SECTION_MAP, sizeof(PlanSweep),
                              SWEEP_FIELDS, G_N_ELEMENTS(SWEEP_FIELDS)};

static const Field EXPECT_FIELDS[] = {
    {"metric", FIELD_TEXT, FIELD_AT(PlanExpect, metric),
     .doc = "Path into summary.json, with dots."},
    {"min", FIELD_NUMBER, FIELD_AT(PlanExpect, min),
     .range = {-(double)INFINITY, 0}, .is_optional = true,
     .absent = -(double)INFINITY, .doc = "The least that is accepted."},
    {"max", FIELD_NUMBER, FIELD_AT(PlanExpect, max),
     .range = {-(double)INFINITY, 0}, .is_optional = true,
     .absent = (double)INFINITY, .doc = "The most that is accepted."},
};
static const Section EXPECT = {"expectation", SECTION_MAP, sizeof(PlanExpect),
                               EXPECT_FIELDS, G_N_ELEMENTS(EXPECT_FIELDS)};

/* Read in this order. Names are looked up when all is read; only profiles
 * need the ISPs before them, which they count. */
static const Field SCENARIO_FIELDS[] = {
    {"byway", FIELD_INTEGER, FIELD_AT(Scenario, byway), .range = {1, 1},
     .doc = "Version of the format."},
    {"base", FIELD_TEXT, FIELD_AT(Scenario, base), .is_optional = true,
     .is_unwritten = true,
     .doc = "A file to start from: maps are joined key by key, all else "
            "here replaces what is there."},
    {"title", FIELD_NAME, FIELD_AT(Scenario, title),
     .doc = "Names the results."},
    {"general", FIELD_SECTION, FIELD_AT(Scenario, general), .section = &GENERAL,
     .doc = "Time, seed and output."},
    {"network", FIELD_SECTION, FIELD_AT(Scenario, network),
     .section = &SCHEMA_NETWORK,
     .doc = "Cells of ISPs, or a bare graph of nodes and links."},
    {"hosts", FIELD_LIST, FIELD_COUNTED(Scenario, hosts, host_count),
     .section = &SCHEMA_HOST, .is_optional = true,
     .doc = "Hosts of a bare graph."},
    {"roles", FIELD_SECTION, FIELD_AT(Scenario, roles),
     .section = &SCHEMA_ROLES, .doc = "Actors of the edge delivery system."},
    {"workload", FIELD_SECTION, FIELD_AT(Scenario, workload),
     .section = &WORKLOAD, .doc = "What is to be transferred."},
    {"policies", FIELD_SECTION, FIELD_AT(Scenario, policies),
     .section = &POLICIES, .doc = "Modes that are compared."},
    {"transports", FIELD_MAP,
     FIELD_COUNTED(Scenario, transports, transport_count),
     .section = &TRANSPORT, .inherits = true, .is_optional = true,
     .doc = "By name; keys left out are as in default."},
    {"security", FIELD_SECTION, FIELD_AT(Scenario, security),
     .section = &SECURITY, .doc = "Sealing, and what it costs."},
    {"sweep", FIELD_OPTION, FIELD_AT(Scenario, sweep), .section = &SWEEP,
     .doc = "What byway sweep varies; a single run is as it stands."},
    {"measure", FIELD_SECTION, FIELD_AT(Scenario, measure), .section = &MEASURE,
     .doc = "What is written down."},
    {"expect", FIELD_LIST, FIELD_COUNTED(Scenario, expect, expect_count),
     .section = &EXPECT, .is_optional = true,
     .doc = "What the results must be for exit code 0."},
};
const Section SCHEMA_SCENARIO = {"scenario", SECTION_MAP, sizeof(Scenario),
                                 SCENARIO_FIELDS,
                                 G_N_ELEMENTS(SCENARIO_FIELDS)};

const char *
word_text(const Word *words, uint32_t value)
{
    while (words->word && words->value != value)
        words++;
    assert(words->word);
    return words->word;
}

const char *
reference_noun(ReferenceKind kind)
{
    static const char *const NOUNS[REFERENCE_KIND_COUNT] = {
        [REFERENCE_NONE] = "name",           [REFERENCE_ISP] = "ISP",
        [REFERENCE_REGION] = "region",       [REFERENCE_NODE] = "node",
        [REFERENCE_PROFILE] = "profile",     [REFERENCE_HOST] = "host",
        [REFERENCE_TRANSPORT] = "transport",
    };
    assert(kind < REFERENCE_KIND_COUNT);
    return NOUNS[kind];
}
