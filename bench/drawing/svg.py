# SPDX-License-Identifier: Apache-2.0
"""A line chart on two axes, each linear or logarithmic, as the text of an SVG file. The same input
gives the same bytes."""

import dataclasses
import html
import math

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 76, 150, 48, 58  # Margins around the plot.
# Told apart by eyes that do not tell red from green, and on paper by their dashes.
STYLES = (("#0b6e99", ""), ("#444444", "7 4"), ("#d9822b", "2 3"), ("#7a4fa3", "9 3 2 3"))


@dataclasses.dataclass(frozen=True)
class Axis:
    label: str
    ticks: tuple  # (value, text), in order; the first and the last are the axis's ends.
    logarithmic: bool = True

    def fraction(self, value):
        """Where it lies, from 0 to 1."""
        def scale(number):
            return math.log(number) if self.logarithmic else number
        low, high = scale(self.ticks[0][0]), scale(self.ticks[-1][0])
        return (scale(value) - low) / (high - low)


@dataclasses.dataclass(frozen=True)
class Line:
    name: str
    points: tuple  # (x, y), x ascending.


def ticks_around(values, steps=(1, 2, 5)):
    """Round numbers from just below the least to just above the largest, a few per decade."""
    low, high = min(values), max(values)
    rounds = sorted(step * 10 ** power for power in range(-3, 9) for step in steps)
    first = max(index for index, value in enumerate(rounds) if value <= low)
    last = min(index for index, value in enumerate(rounds) if value >= high)
    return tuple((value, f"{value:,g}") for value in rounds[first:max(last, first + 1) + 1])


def x_of(axis, value):
    return LEFT + axis.fraction(value) * (WIDTH - LEFT - RIGHT)


def y_of(axis, value):
    return HEIGHT - BOTTOM - axis.fraction(value) * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, anchor="middle", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>'
            f"{html.escape(words)}</text>")


def grid(x_axis, y_axis):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value, words in x_axis.ticks:
        x = x_of(x_axis, value)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{bottom}"/>'
        yield text(x, bottom + 18, words)
    for value, words in y_axis.ticks:
        y = y_of(y_axis, value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>'
        yield text(LEFT - 8, y + 4, words, "end")
    yield text((LEFT + right) / 2, HEIGHT - 16, x_axis.label)
    middle = (TOP + bottom) / 2
    yield text(18, middle, y_axis.label, extra=f' transform="rotate(-90 18 {middle:.1f})"')


def curve(x_axis, y_axis, line, style):
    color, dashes = style
    places = [(x_of(x_axis, x), y_of(y_axis, y)) for x, y in line.points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    yield (f'<path d="{path}" fill="none" stroke="{color}" stroke-width="2" '
           f'stroke-dasharray="{dashes}"/>')
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'


def legend(lines):
    for number, line in enumerate(lines):
        color, dashes = STYLES[number]
        y = TOP + 12 + 22 * number
        yield (f'<path d="M{WIDTH - RIGHT + 14} {y}h28" stroke="{color}" stroke-width="2" '
               f'stroke-dasharray="{dashes}"/>')
        yield text(WIDTH - RIGHT + 50, y + 4, line.name, "start")


def chart(title, x_axis, y_axis, lines):
    """The whole file."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'font-family="sans-serif" font-size="12" role="img">',
             f"<title>{html.escape(title)}</title>",
             "<style>.grid{stroke:#d8d8d8;stroke-width:1;fill:none}</style>",
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             text(LEFT, 26, title, "start", ' font-size="14"'),
             *grid(x_axis, y_axis)]
    for number, line in enumerate(lines):
        parts += curve(x_axis, y_axis, line, STYLES[number])
    return "\n".join([*parts, *legend(lines), "</svg>"]) + "\n"
