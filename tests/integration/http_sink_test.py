#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The http sink against a receiver that resets, answers by halves, is slow, overloaded and picky,
while the shipper is killed: nothing is lost, and what comes twice was in flight and comes under the
same key. A bad row goes to the dead letters alone. Slack is told counts that add up."""

import collections
import itertools
import re
import time

from receivers import (Disturbed, Receiver, dead_letters, fill_spool, make_site, run_once,
                       stuck_reason)
from support import main_of
from harness.process import Failure, Process, program, wait_until

SINK = """\
name = "out"
kind = "http"
url = "http://127.0.0.1:{port}/rows"
flush_age = "50ms"
flush_rows = 250
timeout = "2s"
{extra}
"""


def check(is_true, text):
    if not is_true:
        raise Failure(text)


def test_kills_and_faults(build, place):
    faults = {3: Receiver.RESET_BEFORE, 7: Receiver.RESET_AFTER, 11: Receiver.HALF,
              15: (429, {"Retry-After": "0"}, b""), 19: 503}
    calls = itertools.count()

    def script(request):
        if len(request.rows()) > 150:
            return 413
        number = next(calls) % 23
        if number == 21:
            time.sleep(0.1)
        return faults.get(number, 202)

    with Receiver(script) as receiver:
        site = make_site(place, build, SINK.format(port=receiver.port,
                                                   extra="concurrency = 4\ngzip = true"))
        site.shipper_config.write()
        report = Disturbed(site, place).run(kills=12)
        sent = receiver.ids()
        logged = site.count_lines()
    numbers = collections.Counter(number for number, _ in sent)
    check(len(numbers) == logged, f"{logged} lines were logged, {len(numbers)} different came")
    keys = collections.defaultdict(set)
    for number, key in sent:
        keys[number].add(key)
    strangers = [number for number, found in keys.items() if len(found) > 1]
    check(not strangers, f"{len(strangers)} rows came under several keys, as {strangers[:5]}")
    # What is sent again was in flight: at a kill, or when its answer was lost.
    lost_answers = receiver.answers.get(Receiver.RESET_AFTER, 0) + \
        receiver.answers.get(Receiver.HALF, 0)
    again = sum(numbers.values()) - len(numbers)
    bound = (12 * 4 + lost_answers) * 250
    check(again <= bound, f"{again} rows came again, more than {bound} that were in flight")
    check(lost_answers > 0 and receiver.answers.get(413, 0) > 0, f"too tame: {receiver.answers}")
    print(f"{report.answered} requests, {len(numbers)} rows, {again} again of at most {bound}; "
          f"{receiver.answers}")


def test_bad_row_and_configuration(build, place):
    """One row of 300 that the receiver refuses, then a receiver that knows nobody."""
    def script(request):
        if request.headers.get("x-tenant") != "t1":
            return 400
        return (422, {}, b"no 77 here") if any(row["id"] == "77" for row in request.rows()) else 200

    with Receiver(script) as receiver:
        site = make_site(place, build, SINK.format(
            port=receiver.port, extra='body = "array"\nheaders = ["X-Tenant: t1"]'))
        fill_spool(site, 300)
        run_once(site)
        numbers = sorted(number for number, _ in receiver.ids())
        wanted = [number for number in range(300) if number != 77]
        check(numbers == wanted, f"{len(numbers)} rows came of 299: {numbers[:5]}...")
        letters = dead_letters(site)
        check(len(letters) == 1 and "no 77 here" in letters[0]["reason"] and
              "id=77" in letters[0]["line"], f"dead letters: {letters}")
        receiver.script = lambda request: 401
        site.shipper_config.sink = site.shipper_config.sink.replace('"out"', '"other"')
        said = stuck_reason(site)
        check("does not know us" in said, f"401 is not told: {said}")


def test_slack(build, place):
    """Every message is answered 429 once; the counts of all messages are the lines."""
    texts = []

    def script(request):
        if script.calls % 2 == 0:
            script.calls += 1
            return (429, {"Retry-After": "1"}, b"rate_limited")
        script.calls += 1
        texts.append((time.monotonic(), request.rows()["text"]))
        return 200
    script.calls = 0

    with Receiver(script) as receiver:
        site = make_site(place, build, f"""\
name = "out"
kind = "http"
preset = "slack"
url = "http://127.0.0.1:{receiver.port}/hook"
interval = "1s"
flush_age = "50ms"
text = "{{rows}} rows ({{tables}}) {{values}}"
""")
        fill_spool(site, 500)
        site.shipper_config.write()
        shipper = Process("pixel-shipper", [program(build, "pixel-shipper"), "run", "--config",
                                            site.shipper_config.path], place / "shipper.log")
        shipper.start()
        try:
            wait_until(lambda: texts, 15, "the first message is there")
            time.sleep(0.3)  # Between a message and its note, a kill would repeat it.
            shipper.kill()
            shipper.start()
            time.sleep(0.5)
        finally:
            shipper.kill()
    counts = [int(re.match(r"(\d+) rows \(requests (\d+)\) 200 (\d+)$", text).group(1))
              for _, text in texts]
    check(sum(counts) == 500, f"messages count {counts}, not 500")


def test(build, place):
    for part in (test_kills_and_faults, test_bad_row_and_configuration, test_slack):
        own = place / part.__name__
        own.mkdir()
        started = time.monotonic()
        part(build, own)
        print(f"{part.__name__}: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main_of(test, needs_site=False)
