#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/live/set_clock.py: somebody sets the clock, by days, or the machine sleeps.

usage: set_clock.py BYWAY CALENDAR

CALENDAR is a library that shifts the time of day of who has it preloaded.
Output is TAP.
"""
import os
import sys
import time

sys.dont_write_bytecode = True
from town import CURL, Town, curl, open_byway, tell  # noqa: E402

DAY = 86400
LOOK_S = 5  # how often a process looks at the calendar


slept_s = 0  # never less


def set_clock(town, days):
    town.write('shift.new', f'{days * DAY} {slept_s}\n')
    os.replace(town.path('shift.new'), town.path('shift'))


def count_said(town, text):
    """On the roles' standard error."""
    with open(town.path('said'), encoding='utf-8') as file:
        return file.read().count(text)


def used_seconds(process):
    with open(f'/proc/{process.pid}/stat', encoding='ascii') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def whoever_runs_goes_on_and_says_so(town):
    before = curl(town, 'edge')
    assert before[1:] == (['200'], 0)
    count = len(town.processes)
    for days, step in ((1, '+86400 s'), (-1, '-172800 s'), (0, '+86400 s')):
        set_clock(town, days)
        assert curl(town, 'edge') == before
        news = f'the clock was set, by {step}'
        said = 2 * count if days == 0 else count
        town.wait_for(lambda: count_said(town, news) == said, news)
        start = [used_seconds(town.processes[name])
                 for name in town.processes]
        time.sleep(1)
        for name, used in zip(town.processes, start):
            assert town.processes[name].poll() is None, name
            assert used_seconds(town.processes[name]) - used < 0.3, name
        # Keys are granted as before.
        town.restart('data-centre')
        assert curl(town, 'edge') == before


def whoever_slept_goes_on_at_the_time_that_it_is(town):
    before = curl(town, 'edge')
    news = 'the clock was set'
    said = count_said(town, news)
    global slept_s
    for hours in (1, 20):
        slept_s += hours * 3600
        set_clock(town, 0)
        assert curl(town, 'edge') == before
        time.sleep(LOOK_S + 1)
        assert count_said(town, news) == said
        assert curl(town, 'edge') == before


def whoever_starts_again_at_another_time_has_lost_nothing(town):
    before = curl(town, 'edge')
    for days in (1, -1, 0):
        set_clock(town, days)
        town.restart('manager', 'key-service', 'data-centre', 'scout')
        assert curl(town, 'edge') == before
        time.sleep(2)  # reports
        for name, process in town.processes.items():
            assert process.poll() is None, name


def a_key_ends_by_the_calendar_of_its_service(town):
    set_clock(town, 31)
    town.restart('data-centre')
    # The service still grants what a later data centre calls too old.
    assert curl(town, 'edge', '-o', '/dev/null')[1][-1:] == ['503']
    town.restart('key-service', 'data-centre')
    assert curl(town, 'edge', '-o', '/dev/null')[1][-1:] == ['410']


STORIES = tuple((story, (CURL, 'curl')) for story in (
    whoever_runs_goes_on_and_says_so,
    whoever_slept_goes_on_at_the_time_that_it_is,
    whoever_starts_again_at_another_time_has_lost_nothing,
    a_key_ends_by_the_calendar_of_its_service,
))


def main():
    town = Town()
    os.environ['CALENDAR_SHIFT'] = town.path('shift')
    os.environ['LD_PRELOAD'] = os.path.abspath(sys.argv[2])
    try:
        set_clock(town, 0)
        town.errors = open(town.path('said'), 'wb')
        open_byway(town)
        town.manager('state/manager.db')
        town.edge('scout', 21, 'data-centre')
        return tell(town, STORIES)
    finally:
        town.close()


sys.exit(main())
