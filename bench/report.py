"""Makes of results.json what a person reads: tables as text and as Markdown, and two plots."""

import html
import math
import os
import textwrap
from statistics import median

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def number(value, digits=2):
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}"


def times(value):
    return "–" if value is None else f"{value:.2f} ×"


class Table:
    """Rows of text. The first column is left-aligned, the others right."""

    def __init__(self, title, columns, rows, note=""):
        self.title, self.columns, self.rows, self.note = title, columns, rows, note

    def text(self):
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        out = [self.title, ""]
        for at, line in enumerate(lines):
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
            out.append("  " + "  ".join(cells).rstrip())
            if at == 0:
                out.append("  " + "-" * (sum(widths) + 2 * len(widths) - 2))
        note = textwrap.wrap(self.note, 98, initial_indent="  ", subsequent_indent="  ")
        return "\n".join(out + (["", *note] if note else []))

    def markdown(self):
        def line(cells):
            return "| " + " | ".join(cells) + " |"

        rule = "|---|" + "--:|" * (len(self.columns) - 1)
        out = [f"**{self.title}**", "", line(self.columns), rule, *map(line, self.rows)]
        return "\n".join(out + (["", self.note] if self.note else []))


# --- the figures to reach -------------------------------------------------------------------------


PEER_GOALS = {"nginx, a constant": 1, "HAProxy gate": 0.7, "nginx + Lua gate": 0.4}


def cost_goals(sections):
    """Of a granted forward-auth call: against the floor, and against peers in the same run."""
    goals = []
    cost, middle = sections.get("cost"), 32
    if cost and middle in map(int, cost["connections"]):
        rows = {name: at.get(middle) or at[str(middle)] for name, at in cost["rows"].items()}
        ours = rows["Hourgate"]
        goals.append(("a decision, 32 connections: × the floor", 1.15, ours["ratio"], times))
        for name, most in PEER_GOALS.items():
            if name in rows:
                value = median(a / b for a, b in zip(ours["each_us"], rows[name]["each_us"]))
                goals.append((f"the same: × {name}", most, value, times))
    forward = {row["name"]: row for row in sections.get("forward", {}).get("rows", [])}
    gate = "nginx + Lua gate, forwarding"
    if gate in forward:
        pairs = zip(forward["Hourgate, forwarding"]["each_us"], forward[gate]["each_us"])
        value = median(a / b for a, b in pairs)
        goals.append(("a call forwarded: × nginx + Lua gate, forwarding", 1.0, value, times))
    answers = sections.get("answers")
    if answers:
        many = next(row for row in answers if "agency" in row["name"])
        what = many["name"].removeprefix("granted: ").split(" in turn")[0]
        goals.append((f"{what} under the agency plan: × the floor", 1.15, many["ratio"], times))
    return goals


def other_goals(sections):
    goals = []

    def add(section, what, most, pick, show):
        if section in sections:
            goals.append((what, most, pick(sections[section]), show))

    def us(value):
        return f"{value:.2f} µs"

    def mib(value):
        return f"{value:.1f} MiB"

    add("inprocess", "in process, token known", 1, lambda s: s["known_ns"] / 1000, us)
    add("inprocess", "in process, read from SQLite", 20, lambda s: s["read_ns"] / 1000, us)
    if "stored" in sections:
        rows = sections["stored"]["rows"]
        most = rows[-1]
        ends = f"{most['name']} tokens stored"
        goals.append((f"{ends}: × the cost at {rows[0]['name']}", 1.1, most["to_fewest"], times))
        goals.append((f"{ends}: ready in", 150, most["ready_ms"], lambda v: f"{v:.0f} ms"))
    if "windows" in sections:
        s = sections["windows"]
        what = f"{s['tokens']:,} tokens in use, {s['calls_each']} calls each in their windows"
        # Quick runs use fewer tokens than the figure is for.
        limit = 100 if s["tokens"] >= 100_000 else None
        goals.append((what, limit, s["resident_mib"], mib))
    if "backup" in sections:
        s = sections["backup"]
        what = f"a good client's p99 beside a backup of {s['count']:,} tokens: × alone"
        goals.append((what, 1.5, s["ratio"], times))
    if "slow" in sections:
        s = sections["slow"]
        what = f"a good client's p99 beside {s['idle']:,} idle and {s['drip']:,} dripping: × alone"
        goals.append((what, 2, s["hourgate"]["ratio"], times))
        goals.append(("memory of an idle connection", 10, s["idle_kib"], lambda v: f"{v:.1f} KiB"))
    return goals


def goals_table(results):
    sections = results["sections"]
    rows = []
    for what, most, value, show in cost_goals(sections) + other_goals(sections):
        reached = "" if most is None else "yes" if value <= most else "no"
        rows.append([what, "–" if most is None else "≤ " + show(most), show(value), reached])
    size = results["machine"]["executable_mib"]
    rows.append(["the executable", "≤ 10 MiB", f"{size:.1f} MiB", "yes" if size <= 10 else "no"])
    return Table("At a glance", ["what", "to reach", "here", "reached"], rows)


# --- the sections ---------------------------------------------------------------------------------


def at(cells, key):
    """JSON makes texts of keys."""
    return cells.get(key) or cells[str(key)]


def cost_table(section):
    columns = ["server's processor time per call"]
    for count in section["connections"]:
        columns += [f"{count} conn., µs", "× floor"]
    rows = []
    for name, cells in section["rows"].items():
        line = [name]
        for count in section["connections"]:
            cell = at(cells, count)
            line += [number(cell["us"]), number(cell["ratio"])]
        rows.append(line)
    note = (
        "Kept-alive connections that call again as soon as they are answered; user and system time"
        " of all threads and processes. The gates answer whether one token may call; nginx +"
        " Hourgate is both together, asked by auth_request."
    )
    return Table("Cost of a call", columns, rows, note)


def forward_table(section):
    rows = [[row["name"], number(row["us"]), number(row["ratio"])] for row in section["rows"]]
    return Table(
        "Cost of a call that is forwarded, 32 connections",
        ["in front of an API", "µs", f"× {section['rows'][0]['name']}"],
        rows,
        "The API answers a constant; its own time is not counted. Both gates remove the token, say"
        " who calls, and add limit headers to the answer.",
    )


def answers_table(section):
    rows = [[row["name"], number(row["us"]), number(row["ratio"])] for row in section]
    return Table(
        "Cost of each answer, 32 connections",
        ["answer", "µs", "× floor"],
        rows,
        "Refusals are answered in full and logged, one line each.",
    )


def rate_table(section):
    columns = ["time to answer, µs"]
    for rate in section["rates"]:
        columns += [f"{rate:,}/s: p50", "p99", "p99.9", "cost, × floor"]
    rows = []
    for name, cells in section["rows"].items():
        line = [name]
        for rate in section["rates"]:
            cell = at(cells, rate)
            line += [number(cell[key], 0) for key in ("p50_us", "p99_us", "p999_us")]
            line.append(number(cell["ratio"]))
        rows.append(line)
    note = (
        "Calls leave at a fixed rate, whatever the server does; a call's time counts from the"
        " moment it was due. All tokens in turn, inside the agency plan's windows."
    )
    return Table("Time to answer at a fixed rate, 32 connections", columns, rows, note)


def stored_table(section):
    columns = ["tokens stored", "µs a call", "× floor", "× fewest", "first call of a token, µs"]
    columns += ["ready, ms", "resident at start, MiB", "in use, MiB", "database, MiB"]
    rows = []
    for row in section["rows"]:
        line = [row["name"], number(row["us"]), number(row["ratio"]), number(row["to_fewest"])]
        line += [number(row["first_us"]), number(row["ready_ms"], 0)]
        line += [number(row[key], 1) for key in ("fresh_mib", "warm_mib", "database_mib")]
        rows.append(line)
    note = (
        f"{section['warm']:,} of the stored tokens, spread evenly, are in use. Ready: from the"
        " program's start to its first 200 of readyz, the file in the system's cache."
    )
    return Table("Tokens stored", columns, rows, note)


def pressure_table(sections):
    rows = []
    for key, what in (("slow", "{idle:,} idle and {drip:,} dripping"), ("flood", "a flood")):
        section = sections.get(key)
        if not section:
            continue
        for name in ("floor", "hourgate"):
            one = section[name]
            title = {"floor": "floor", "hourgate": "Hourgate"}[name]
            line = [f"{title} beside {what.format(**section)}", number(one["quiet_p99_us"], 0)]
            rows.append([*line, number(one["pressed_p99_us"], 0), number(one["ratio"])])
    note = "A client that calls 1,000 times a second, over 16 connections."
    if "flood" in sections:
        note += " " + flood_note(sections["flood"])
    columns = ["a good client's p99, µs", "alone", "beside", "×"]
    return Table("Beside clients that mean no good", columns, rows, note)


def flood_note(flood):
    def shown(state):
        files = "" if state[1] is None else f" and {state[1]} descriptors"
        return f"{state[0] / 1024:.1f} MiB{files}"

    return (
        f"The flood connects and disconnects {flood['per_s']:,.0f} times a second for"
        f" {flood['seconds']:.0f} s; before the first Hourgate has {shown(flood['before'])}, after"
        f" the last {shown(flood['after'])}."
    )


def refused_table(section):
    rows = []
    for name in ("log not written", "log written"):
        rows.append(
            [
                name,
                number(section["cost_us"][name]),
                number(section["p50_us"][name], 0),
                number(section["p99_us"][name], 0),
                number(section["file_kib"][name], 0),
            ]
        )
    note = (
        f"{section['calls']:,} refusals (401 unknown_token) from one address, up to"
        f" {section['per_s']:,.0f} a second; then a client that makes 1,000 granted calls a second"
        f" beside {section['rate']:,} refusals a second. With the log written a refusal costs"
        f" {section['cost_ratio']:.2f} x, and the client's p99 is {section['p99_ratio']:.2f} x."
    )
    columns = ["100,000 refusals", "µs each", "client's p50, µs", "p99, µs", "database, KiB"]
    return Table("A flood of refusals, and the decision log", columns, rows, note)


def backup_table(section):
    rows = [
        [
            f"{section['count']:,} stored, {section['database_mib']:.0f} MiB",
            number(section["quiet_p99_us"], 0),
            number(section["pressed_p99_us"], 0),
            number(section["ratio"]),
        ]
    ]
    took = sorted(section["seconds"])[len(section["seconds"]) // 2]
    note = (
        "A client that calls 1,000 times a second, alone and while `hourgate backup --verify` runs"
        f" on the server's cores; it takes {took:.1f} s."
    )
    if not section["covered"]:
        note += " A backup was over before the client was."
    columns = ["a good client's p99, µs", "alone", "beside a backup", "×"]
    return Table("Beside a backup", columns, rows, note)


def windows_table(section):
    count = f"{section['tokens']:,}"
    limiter = f"after {section['calls_each']} calls each"
    rows = [
        ["at start", number(section["fresh_mib"], 1), "–"],
        [f"{count} tokens called once", number(section["known_mib"], 1), "–"],
        [limiter, number(section["resident_mib"], 1), number(section["limiter_mib"], 1)],
    ]
    return Table("Tokens in use", ["resident memory, MiB", "all", "of it windows"], rows)


def tables(results):
    sections = results["sections"]
    found = [goals_table(results)]
    for name, make in (
        ("cost", cost_table),
        ("forward", forward_table),
        ("answers", answers_table),
        ("rate", rate_table),
        ("stored", stored_table),
        ("windows", windows_table),
        ("refused", refused_table),
        ("backup", backup_table),
    ):
        if name in sections:
            found.append(make(sections[name]))
    if "slow" in sections or "flood" in sections:
        found.append(pressure_table(sections))
    return found


def machine_line(results):
    about = results["machine"]
    words = [f"{about['cores']} cores of {about['processor']}"]
    words[0] += " (a virtual machine)" if about["virtual"] else ""
    words += [f"{about['memory_gib']} GiB", about["system"], f"Linux {about['kernel']}"]
    words += [f"{name} {about[name]}" for name in ("nginx", "HAProxy") if about[name]]
    return ", ".join(words)


def circumstances(results):
    count, load = results["rounds"], results["machine"]["load_before"]
    busy = f" Something else was running (load {load})." * (load > 0.5)
    rounds = "One round" if count == 1 else f"Medians of {count} rounds"
    pinned = " Load generators had a core of their own, servers the others." * results["pinned"]
    return (
        f"{results['date']}, {results['machine']['hourgate']}, on {machine_line(results)}."
        f" {rounds}, {results['seconds']:g} s a sample.{pinned}{busy}"
    )


def text(results):
    parts = [table.text() for table in tables(results)]
    parts += [textwrap.fill(part, 100) for part in [circumstances(results), *results["notes"]]]
    if results["problems"]:
        parts.append("Answers that should not have been:\n  " + "\n  ".join(results["problems"]))
    return "\n\n".join([""] + parts) + "\n"


def pictures(results, folder):
    return [f"![{what}]({folder}{name})" for name, what in plots_of(results).items()]


def markdown(results):
    made = [table.markdown() for table in tables(results)]
    parts = [circumstances(results), made[0], *pictures(results, ""), *made[1:], *results["notes"]]
    return "\n\n".join(parts) + "\n"


def summary(results, folder):
    """What docs/performance.md shows: the figures to reach, the plots, and the peers."""
    parts = [circumstances(results), goals_table(results).markdown(), *pictures(results, folder)]
    if "cost" in results["sections"]:
        parts.append(cost_table(results["sections"]["cost"]).markdown())
    if "forward" in results["sections"]:
        parts.append(forward_table(results["sections"]["forward"]).markdown())
    return "\n\n".join(parts) + "\n"


# --- plots ----------------------------------------------------------------------------------------

# Their own ground, light or dark as the reader's system is: legible on either kind of page.
# Colours of the series, on a light ground and on a dark one: ours, the floor, then the peers.
COLOURS = (
    ("#0969da", "#58a6ff"),
    ("#6e7781", "#8b949e"),
    ("#1a7f37", "#3fb950"),
    ("#bc4c00", "#f0883e"),
    ("#8250df", "#bc8cff"),
    ("#bf3989", "#f778ba"),
)
LIGHT = """
.ground { fill: #ffffff; stroke: #d0d7de; }
text { font: 13px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
       fill: #57606a; }
.title { font-size: 15px; font-weight: 600; fill: #1f2328; }
.grid { stroke: #d8dee4; stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.dot { stroke: #ffffff; stroke-width: 1.5; }
.s0 .line { stroke-width: 3.5; }
.s0 .label { font-weight: 700; }
.s1 .line { stroke-dasharray: 5 4; }
"""
DARK = """
.ground { fill: #0d1117; stroke: #30363d; }
text { fill: #9198a1; }
.title { fill: #f0f6fc; }
.grid { stroke: #262c36; }
.dot { stroke: #0d1117; }
"""


def style():
    def series(ground):
        return "".join(
            f".s{index} .line {{ stroke: {pair[ground]}; }}"
            f" .s{index} .dot, .s{index} .label {{ fill: {pair[ground]}; }}\n"
            for index, pair in enumerate(COLOURS)
        )

    dark = f"@media (prefers-color-scheme: dark) {{{DARK}{series(1)}}}\n"
    return f"{LIGHT}{series(0)}{dark}"


LEFT, TOP, WIDE, HIGH = 56, 58, 470, 270
LABELS = 190  # to the right of the lines
LABEL_HIGH = 17


def nice_top(highest):
    """The end of the y axis, and the step of its lines: 1, 2 or 5 times a power of ten."""
    raw = max(highest, 1e-9) / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return math.ceil(highest / step) * step, step


def spread(wanted, lowest, highest):
    """Heights of labels near those wanted, none on another. `wanted` is in ascending order."""
    placed = []
    for height in wanted:
        placed.append(max(height, placed[-1] + LABEL_HIGH if placed else lowest))
    overflow = placed[-1] - highest if placed else 0
    for index in range(len(placed) - 1, -1, -1):
        if overflow > 0:
            most = highest if index == len(placed) - 1 else placed[index + 1] - LABEL_HIGH
            placed[index] = min(placed[index], most)
    return placed


class Plot:
    """Lines over a logarithmic x axis; y begins at 0. `series`: (name, style, {x: y})."""

    def __init__(self, title, y_title, x_title, series):
        self.title, self.y_title, self.x_title, self.series = title, y_title, x_title, series
        xs = sorted({x for _, _, points in series for x in points})
        self.xs = xs
        self.low, self.high = math.log(xs[0]), math.log(xs[-1]) if len(xs) > 1 else 1
        self.y_top, self.y_step = nice_top(max(max(p.values()) for _, _, p in series))

    def x(self, value):
        share = (math.log(value) - self.low) / ((self.high - self.low) or 1)
        return LEFT + 14 + share * (WIDE - 28)

    def y(self, value):
        return TOP + HIGH * (1 - value / self.y_top)

    def grid(self):
        out, value = [], 0.0
        while value <= self.y_top * 1.001:
            y = self.y(value)
            ends = f'x1="{LEFT}" x2="{LEFT + WIDE}" y1="{y:.1f}" y2="{y:.1f}"'
            out.append(f'<line class="grid" {ends}/>')
            out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
            value += self.y_step
        for value in self.xs:
            place = f'x="{self.x(value):.1f}" y="{TOP + HIGH + 20}"'
            out.append(f'<text {place} text-anchor="middle">{value:,}</text>')
        return out

    def one_line(self, style, points):
        places = [(self.x(x), self.y(y)) for x, y in sorted(points.items())]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places)
        return f'<g class="{style}"><polyline class="line" points="{path}"/>{dots}</g>'

    def labels(self):
        ends = sorted((self.y(p[max(p)]), name, style, p[max(p)]) for name, style, p in self.series)
        heights = spread([end[0] for end in ends], TOP, TOP + HIGH)
        out = []
        for height, (_, name, style, value) in zip(heights, ends):
            words = html.escape(f"{name} {value:.1f}")
            place = f'x="{LEFT + WIDE + 4}" y="{height + 4:.1f}"'
            out.append(f'<g class="{style}"><text class="label" {place}>{words}</text></g>')
        return out

    def svg(self):
        wide, high = LEFT + WIDE + LABELS, TOP + HIGH + 54
        title = html.escape(self.title)
        # Ours last, so that it lies on top.
        drawn = [self.one_line(style, points) for _, style, points in reversed(self.series)]
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img"'
            f' width="{wide}" height="{high}">',
            f"<title>{title}</title><style>{style()}</style>",
            f'<rect class="ground" x="0.5" y="0.5" width="{wide - 1}" height="{high - 1}" rx="8"/>',
            f'<text class="title" x="16" y="27">{title}</text>',
            f'<text x="16" y="46">{html.escape(self.y_title)}</text>',
            f'<text x="{LEFT + WIDE / 2}" y="{TOP + HIGH + 42}" text-anchor="middle">'
            f"{html.escape(self.x_title)}</text>",
            *self.grid(),
            *drawn,
            *self.labels(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"


PLOTS = ("cost-by-connections.svg", "cost-by-tokens.svg")


def connections_plot(section):
    order = ["Hourgate", "floor", "nginx, a constant", "HAProxy gate", "nginx + Lua gate"]
    order += ["nginx + Hourgate"]  # new connections would need another scale
    series = []
    for index, name in enumerate(order):
        if name in section["rows"]:
            cells = section["rows"][name]
            points = {count: at(cells, count)["us"] for count in section["connections"]}
            series.append((name, f"s{index}", points))
    return Plot(
        "What a call costs, by connections",
        "µs of the server's processor time per call; less is better",
        "kept-alive connections",
        series,
    )


def stored_plot(section):
    ours = {row["count"]: row["us"] for row in section["rows"]}
    floor = {row["count"]: section["floor_us"] for row in section["rows"]}
    return Plot(
        "What a decision costs, by tokens stored",
        "µs of the server's processor time per call; flat is good",
        "tokens stored",
        [("Hourgate", "s0", ours), ("floor", "s1", floor)],
    )


def plots_of(results):
    """File names, and what is said in their place."""
    found = {}
    if "cost" in results["sections"]:
        found[PLOTS[0]] = "Processor time per call at 1, 32 and 256 connections"
    if "stored" in results["sections"]:
        found[PLOTS[1]] = "Processor time per call, by tokens stored"
    return found


def write(results, folder):
    for name in PLOTS:  # of a run before, which may have measured more
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    made = {"table.md": markdown(results)}
    if "cost" in results["sections"]:
        made[PLOTS[0]] = connections_plot(results["sections"]["cost"]).svg()
    if "stored" in results["sections"]:
        made[PLOTS[1]] = stored_plot(results["sections"]["stored"]).svg()
    for name, content in made.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)


def publish(results, page_file):
    """Puts the table between the two marks in docs/performance.md."""
    with open(page_file, encoding="utf-8") as file:
        page = file.read()
    before, found, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise RuntimeError(f"{page_file} has no {BEGIN} … {END}")
    with open(page_file, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{summary(results, '../bench/results/')}{END}{after}")
