# SPDX-License-Identifier: BSD-2-Clause
"""Time of the last delivery against the number of sessions, as SVG."""

from statistics import median

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 44, 56
LINES = [("floor1", "floor, 1 thread", "#8a8a8a", "6 4"),
         ("server1", "ximssd, 1 worker", "#c2410c", ""),
         ("floor2", "floor, 2 threads", "#b8b8b8", "6 4"),
         ("server2", "ximssd, 2 workers", "#1d4ed8", "")]


def ceiling(value):
    """The least of 1, 2, 2.5, 5 times a power of ten that is not below."""
    step = 1.0
    while step * 10 < value:
        step *= 10
    return next(step * f for f in (1, 2, 2.5, 5, 10) if step * f >= value)


def series(results):
    return {name: [(int(n), median(a["last_ms"] for a in answers[name]))
                   for n, answers in results["delivery"].items()]
            for name, _, _, _ in LINES}


def text(x, y, content, anchor="middle", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>'
            f"{content}</text>\n")


def grid(most_x, most_y, place):
    out = ""
    for i in range(6):
        _, y = place(0, most_y * i / 5)
        out += (f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" '
                f'y2="{y:.1f}" stroke="#ddd"/>\n')
        out += text(LEFT - 8, y + 4, f"{most_y * i / 5:g}", "end")
    for i in range(6):
        x, y = place(most_x * i / 5, 0)
        out += text(x, y + 20, f"{most_x * i / 5:,.0f}")
    return out


def line(points, colour, dash, place):
    spots = [place(x, y) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    out = (f'<polyline points="{path}" fill="none" stroke="{colour}" '
           f'stroke-width="2"{dashes}/>\n')
    for x, y in spots:
        out += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>\n'
    return out


def labels(data, place):
    """Names at the ends of the lines, moved apart where they would touch."""
    ends = sorted((place(*data[name][-1])[1], title, colour)
                  for name, title, colour, _ in LINES)
    out, least = "", 0
    for y, title, colour in ends:
        y = max(y, least)
        least = y + 16
        out += text(WIDTH - RIGHT + 12, y + 4, title, "start",
                    f' fill="{colour}"')
    return out


def draw(results):
    data = series(results)
    most_x = ceiling(max(x for points in data.values() for x, _ in points))
    most_y = ceiling(max(y for points in data.values() for _, y in points))

    def place(x, y):
        return (LEFT + (WIDTH - LEFT - RIGHT) * x / most_x,
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / most_y)

    out = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="13" fill="#333">\n'
           "<title>One alert to N sessions: time to the last one</title>\n"
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n')
    out += text(LEFT, 24, "One alert to N sessions: time to the last one, ms",
                "start", ' font-size="15"')
    out += grid(most_x, most_y, place)
    for name, _, colour, dash in LINES:
        out += line(data[name], colour, dash, place)
    out += labels(data, place)
    out += text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "sessions")
    return out + "</svg>\n"
