#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/live/interop.py: what others wrote speaks with the live roles.

usage: interop.py BYWAY

curl and Python's http.client ask a CDN, a data centre and an edge; an edge
asks nginx. What is not installed is skipped. Output is TAP.
"""
import http.client
import subprocess
import sys

sys.dont_write_bytecode = True
from town import (BYWAY, CURL, FILE, LIMIT, NGINX, PATH, Town,  # noqa: E402
                  curl, open_byway, tell)


def check_curl(town, name, whole):
    """Whole, in parts and resumed, it is the same file."""
    assert curl(town, name) == (whole, ['200'], 0)
    assert curl(town, name, '-r', '5-99999') == (whole[5:100000], ['206'], 0)
    assert curl(town, name, '-r', '3000000-') == (whole[3000000:], ['206'], 0)
    assert curl(town, name, '-r', '-500') == (whole[-500:], ['206'], 0)
    head, status, code = curl(town, name, '-I')
    assert (status, code) == (['200'], 0)
    assert b'\r\nContent-Length: %d\r\n' % len(whole) in head
    assert head.endswith(b'\r\n\r\n')
    last = len(whole) - 1
    assert curl(town, name, '-r', f'{last}-') == (whole[-1:], ['206'], 0)
    with open(town.path('curled'), 'wb') as file:
        file.write(whole[:1234567])
    assert curl(town, name, '-C', '-') == (whole, ['206'], 0)


def curl_reads_a_cdn_whole_in_parts_and_resumed(town):
    check_curl(town, 'cdn', FILE)


def curl_reads_the_same_from_data_centre_and_edge(town):
    sealed, status, code = curl(town, 'data-centre')
    assert (status, code, len(sealed)) == (['200'], 0, len(FILE))
    assert sealed != FILE
    check_curl(town, 'data-centre', sealed)
    check_curl(town, 'edge', sealed)


def an_old_curl_is_refused(town):
    for name in ('cdn', 'data-centre', 'edge'):
        assert curl(town, name, '-0', '-o', '/dev/null')[1][-1:] == ['505']


def python_asks_again_and_again_on_one_connection(town):
    for name in ('cdn', 'data-centre', 'edge'):
        wire = http.client.HTTPConnection('127.0.0.1', town.port(name),
                                          timeout=LIMIT)
        wire.request('GET', PATH)
        whole = wire.getresponse().read()
        first = wire.sock
        for start, end in ((0, 0), (16383, 16384), (100000, 900000)):
            wire.request('GET', PATH,
                         headers={'Range': f'bytes={start}-{end}'})
            answer = wire.getresponse()
            assert answer.status == 206
            assert answer.getheader('Content-Range') == \
                f'bytes {start}-{end}/{len(FILE)}'
            assert answer.read() == whole[start:end + 1]
        assert wire.sock is first
        wire.close()


def what_is_not_offered_is_refused_in_words(town):
    for name in ('cdn', 'data-centre', 'edge'):
        for method, body in (('POST', b'x' * 1000), ('PUT', b'x'),
                             ('TRACE', None), ('DELETE', None)):
            wire = http.client.HTTPConnection('127.0.0.1', town.port(name),
                                              timeout=LIMIT)
            wire.request(method, PATH, body=body)
            answer = wire.getresponse()
            status, allowed = answer.status, answer.getheader('Allow')
            wanted = (405, 'GET, HEAD') if method == 'POST' else (501, None)
            assert (status, allowed) == wanted, \
                f'{name} {method} {status} {allowed}'
            wire.close()


def an_edge_relays_nginx(town):
    town.nginx('origin')
    town.edge('nginx-edge', 13, 'origin')
    check_curl(town, 'nginx-edge', FILE)
    beyond = curl(town, 'nginx-edge', '-r', '9000000-')
    assert beyond[1] == ['416']
    wire = http.client.HTTPConnection('127.0.0.1', town.port('nginx-edge'),
                                      timeout=LIMIT)
    for path, status in ((f'/f/{"cd" * 32}?v=1', 404), (PATH, 200)):
        wire.request('GET', path)
        answer = wire.getresponse()
        assert answer.status == status
        body = answer.read()
    assert body == FILE
    wire.close()


def an_edge_relays_an_nginx_that_closes_after_each_answer(town):
    town.nginx('hasty', 'keepalive_timeout 0;')
    town.edge('hasty-edge', 14, 'hasty')
    check_curl(town, 'hasty-edge', FILE)


def an_edge_outlives_its_nginx(town):
    town.nginx('mortal')
    town.edge('mortal-edge', 15, 'mortal')
    assert curl(town, 'mortal-edge')[1] == ['200']
    town.end('mortal')
    assert curl(town, 'mortal-edge', '-o', '/dev/null')[1][-1:] == ['502']
    town.nginx('mortal')
    assert curl(town, 'mortal-edge') == (FILE, ['200'], 0)


def a_second_process_at_one_address_is_told_of_the_first(town):
    said = f"another process serves 127.0.0.1:{town.port('cdn')} already"
    town.ports['second'] = town.port('cdn')
    with open(town.path('second.log'), 'a+', encoding='utf8') as town.errors:
        town.start('second', [BYWAY, 'live', 'cdn', '--config', 'cdn.yaml'])
        town.wait_for(lambda: said in reread(town.errors), 'a warning')
    town.errors = None
    town.end('second')
    keys = subprocess.run([BYWAY, 'live', 'key-service', '--config',
                           'key-service.yaml'], cwd=town.directory,
                          capture_output=True, check=False, timeout=LIMIT)
    assert keys.returncode == 1, keys.returncode
    assert b'cannot listen at' in keys.stderr, keys.stderr


def reread(file):
    file.seek(0)
    return file.read()


STORIES = (
    (curl_reads_a_cdn_whole_in_parts_and_resumed, (CURL, 'curl')),
    (curl_reads_the_same_from_data_centre_and_edge, (CURL, 'curl')),
    (an_old_curl_is_refused, (CURL, 'curl')),
    (python_asks_again_and_again_on_one_connection, (True, '')),
    (what_is_not_offered_is_refused_in_words, (True, '')),
    (a_second_process_at_one_address_is_told_of_the_first, (True, '')),
    (an_edge_relays_nginx, (CURL and NGINX, 'curl and nginx')),
    (an_edge_relays_an_nginx_that_closes_after_each_answer,
     (CURL and NGINX, 'curl and nginx')),
    (an_edge_outlives_its_nginx, (CURL and NGINX, 'curl and nginx')),
)


def main():
    town = Town()
    try:
        open_byway(town)
        return tell(town, STORIES)
    finally:
        town.close()


sys.exit(main())
