/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/gallery_speedup.c: pictures of how much edges helped.
 */
#include "analysis/download.h"
#include "analysis/figure.h"
#include "analysis/gallery.h"

#include <math.h>

#define MEGABYTES 1e-6

enum { MARKED_COUNT_MIN = 100 };

static const json_t *
mode_object(const Results *results, const json_t *summary, size_t mode)
{
    return json_object_get(json_object_get(summary, "modes"),
                           results_mode_name(results, mode));
}

/* Stacked bars of S, N and F, in percent of the measured downloads. */
static Plot *
outcome_new(const Results *results, const json_t *summary)
{
    Plot *plot = plot_new(
        "outcome", "What became of slow downloads",
        "Slow downloads by outcome: S sped up by edges (total above T, edges "
        "above T/2), N at least T without them, F still below T.");
    size_t mode_count = results_mode_count(results);
    for (size_t i = 0; i < mode_count; i++) {
        const json_t *mode = mode_object(results, summary, i);
        double whole = figure_find(mode, "attempts");
        double scale = whole > 0 ? 100 / whole : 0;
        plot_add_text(plot, results_mode_name(results, i), '\t');
        plot_add_number(plot, figure_find(mode, "S") * scale, '\t');
        plot_add_number(plot, figure_find(mode, "N") * scale, '\t');
        plot_add_number(plot, figure_find(mode, "F") * scale, '\n');
    }
    g_string_append_printf(
        plot->script,
        "    set style data histograms\n"
        "    set style histogram rowstacked\n"
        "    set style fill pattern border rgb \"black\"\n"
        "    set boxwidth 0.55\n"
        "    set key outside right center reverse Left samplen 2 invert\n"
        "    set xrange [-0.6:%zu.6]\n"
        "    set yrange [0:100]\n"
        "    set ylabel \"Share of measured slow downloads (%%)\"\n"
        "    set xlabel \"Selection mode\"\n"
        "    set style textbox opaque fillcolor rgb \"white\" noborder "
        "margins 0.4,0.2\n"
        "    share(v) = sprintf(\"%%.0f %%%%\", v)\n"
        "    at(v, y) = v < 4 ? -100 : y\n"
        "    plot data using 2:xtic(1) title \"S: sped up\" "
        "fillstyle solid linecolor rgb \"#08519c\", \\\n"
        "        data using 3 title \"N: neither\" "
        "fillstyle solid linecolor rgb \"#c6dbef\", \\\n"
        "        data using 4 title \"F: still slow\" "
        "fillstyle pattern 4 linecolor rgb \"#777777\", \\\n"
        "        data using 0:(at($2,$2/2)):(share($2)) with labels boxed "
        "notitle, "
        "\\\n"
        "        data using 0:(at($3,$2+$3/2)):(share($3)) with labels boxed "
        "notitle, \\\n"
        "        data using 0:(at($4,$2+$3+$4/2)):(share($4)) with labels "
        "boxed "
        "notitle\n",
        mode_count - 1);
    return plot;
}

typedef struct RatioSeries {
    const char *name;
    const char *label;
    int point; /* gnuplot's point type */
} RatioSeries;

static const RatioSeries ratio_series[] = {
    {"ceiling_ratio", "ceiling", 8},
    {"speedup_success_ratio", "R = S / (S + F)", 7},
    {"fix_ratio", "fixed", 4},
    {"connectivity_ratio", "connectivity", 12},
};

/* Points with their intervals, side by side in each mode. */
static Plot *
ratios_new(const Results *results, const json_t *summary)
{
    Plot *plot = plot_new(
        "ratios", "Success and connectivity, with 95 % intervals",
        "R and its ceiling (slow downloads that a relay can help at all), "
        "downloads above the fix threshold, and edge connects that succeed; "
        "bars are 95 % intervals over downloads.");
    size_t mode_count = results_mode_count(results);
    GString *script = plot->script;
    for (size_t j = 0; j < G_N_ELEMENTS(ratio_series); j++) {
        for (size_t i = 0; i < mode_count; i++) {
            Estimate ratio = figure_find_estimate(
                mode_object(results, summary, i), ratio_series[j].name);
            plot_add_number(plot, (double)i + 0.16 * ((double)j - 1.5), '\t');
            plot_add_number(plot, 100 * ratio.value, '\t');
            plot_add_number(plot, 100 * ratio.low, '\t');
            plot_add_number(plot, 100 * ratio.high, '\n');
        }
        g_string_append(plot->data, "\n\n");
    }
    g_string_append_printf(script,
                           "    set xrange [-0.5:%zu.5]\n"
                           "    set yrange [0:100]\n"
                           "    set xlabel \"Selection mode\"\n"
                           "    set ylabel \"Share (%%)\"\n"
                           "    set key outside right center reverse Left "
                           "samplen 2\n"
                           "    set bars 0.6\n"
                           "    set xtics (",
                           mode_count - 1);
    for (size_t i = 0; i < mode_count; i++)
        g_string_append_printf(script, "%s\"%s\" %zu", i > 0 ? ", " : "",
                               results_mode_name(results, i), i);
    g_string_append(script, ")\n    plot ");
    for (size_t j = 0; j < G_N_ELEMENTS(ratio_series); j++)
        g_string_append_printf(
            script,
            "%sdata index %zu using 1:2:3:4 with yerrorbars title \"%s\" "
            "linecolor rgb \"%s\" linewidth 1.5 pointtype %d pointsize 1.1",
            j > 0 ? ", \\\n        " : "", j, ratio_series[j].label,
            plot_color(j == 0 ? 5 : j - 1), ratio_series[j].point);
    g_string_append_c(script, '\n');
    return plot;
}

static void
add_before_style(GString *script, const char *mode_name, size_t mode,
                 size_t count)
{
    g_string_append_printf(
        script,
        "steps title \"%s, before (n = %zu)\" linecolor rgb \"%s\" "
        "linewidth 1.2 dashtype (6,4)",
        mode_name, count, plot_color(mode));
}

/* Few downloads are drawn as the steps they are; many get marks, which tell
 * the modes apart in grey. */
static void
add_during_style(GString *script, const char *mode_name, size_t mode,
                 size_t count)
{
    g_string_append_printf(script, "%s title \"%s, during (n = %zu)\" ",
                           count < MARKED_COUNT_MIN ? "steps" : "linespoints",
                           mode_name, count);
    g_string_append_printf(script, "linecolor rgb \"%s\" linewidth 2",
                           plot_color(mode));
    if (count >= MARKED_COUNT_MIN)
        g_string_append_printf(script,
                               " pointtype %d pointinterval 50 "
                               "pointsize 0.9",
                               plot_point(mode));
}

/* From the slowest download to the fastest, of all modes; T is between. What
 * is slower than a fiftieth of T would leave the others no room. */
static void
set_speed_range(GString *script, const DownloadSet *set, double threshold)
{
    double low = threshold;
    double high = threshold;
    for (size_t i = 0; i < 2 * set->mode_count; i++) {
        size_t count;
        g_autofree double *rates =
            download_new_rates(set, i / 2, i % 2 == 0, &count);
        if (count == 0)
            continue;
        low = fmin(low, rates[0]);
        high = fmax(high, rates[count - 1]);
    }
    g_string_append_printf(script, "    set xrange [%.3g:%.3g]\n",
                           fmax(low, threshold / 50) * MEGABYTES / 1.2,
                           high * MEGABYTES * 1.2);
}

/* Two curves a mode: dashed before the help, solid during it. */
static Plot *
speed_new(const Results *results, const DownloadSet *set)
{
    Plot *plot = plot_new(
        "speed", "Speed of slow downloads, before and during the help",
        "Cumulative distribution over slow downloads: dashed, the speed that "
        "triggered the help; solid, from all sources over the window after "
        "it. The upright line is T; the axis begins at T/60 at the least.");
    GString *script = plot->script;
    plot->height += 48 * (int)set->mode_count; /* for the key */
    double threshold =
        results_number(results, "slow_threshold_bytes_per_second");
    set_speed_range(script, set, threshold);
    g_string_append_printf(
        script,
        "    set logscale x\n"
        "    set xlabel \"Speed (MB/s)\"\n"
        "    set ylabel \"Slow downloads at or below it (%%)\"\n"
        "    set yrange [0:100]\n"
        "    set xtics add (0.2, 0.5, 2, 5)\n"
        "    set format x \"%%g\"\n"
        "    set key below center vertical height 1 reverse Left samplen "
        "3\n"
        "    set arrow from %g, graph 0 to %g, graph 1 nohead linecolor rgb "
        "\"#444444\" linewidth 1 dashtype 3\n"
        "    set label \"T = %g MB/s\" at %g, graph 1.03 center\n"
        "    plot ",
        threshold * MEGABYTES, threshold * MEGABYTES, threshold * MEGABYTES,
        threshold * MEGABYTES);
    for (size_t i = 0; i < 2 * set->mode_count; i++) {
        size_t mode = i / 2;
        bool is_before = i % 2 == 0;
        size_t count;
        g_autofree double *rates =
            download_new_rates(set, mode, is_before, &count);
        gallery_add_curve(plot, rates, count, MEGABYTES);
        g_string_append_printf(script, "%sdata index %zu using 1:2 with ",
                               i > 0 ? ", \\\n        " : "", i);
        if (is_before)
            add_before_style(script, results_mode_name(results, mode), mode,
                             count);
        else
            add_during_style(script, results_mode_name(results, mode), mode,
                             count);
    }
    g_string_append_c(script, '\n');
    return plot;
}

bool
gallery_add_speedup(GPtrArray *plots, const Results *results,
                    const json_t *summary, GError **error)
{
    g_autoptr(DownloadSet) set = download_set_new(results, "", error);
    if (!set)
        return false;
    g_ptr_array_add(plots, outcome_new(results, summary));
    g_ptr_array_add(plots, ratios_new(results, summary));
    g_ptr_array_add(plots, speed_new(results, set));
    return true;
}
