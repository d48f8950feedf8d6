"""From the figures of all rounds to medians, ratios and a table."""
import statistics

from . import policies

YARDSTICK = "forwarder"
MIB = 1024

# What is aimed at: what, its figure in the medians, the bound, how it is written.
TARGETS = (
    ("msg/s in closed loop, as a ratio to the forwarder", "closed_ratio", "at least", 0.90, "{:.2f}"),
    ("p50 at 500 msg/s, as a ratio to the forwarder's", "p50_ratio", "at most", 1.25, "{:.2f}"),
    ("CPU per message in closed loop, µs", "closed_cpu_us", "at most", 45, "{:.0f}"),
    ("memory when idle, MiB", "idle_mib", "at most", 60, "{:.0f}"),
)

COLUMNS = (
    ("msg/s", "closed_rate", "{:,.0f}"),
    ("ratio", "closed_ratio", "{:.2f}"),
    ("msg/s, many pairs", "pairs_rate", "{:,.0f}"),
    ("ratio", "pairs_ratio", "{:.2f}"),
    ("p50 µs", "p50_us", "{:,.0f}"),
    ("ratio", "p50_ratio", "{:.2f}"),
    ("p99 µs", "p99_us", "{:,.0f}"),
    ("ratio", "p99_ratio", "{:.2f}"),
    ("CPU µs/msg", "closed_cpu_us", "{:.1f}"),
    ("CPU at 500/s", "open_cpu_us", "{:.1f}"),
    ("broker CPU µs/msg", "broker_cpu_us", "{:.0f}"),
    ("peak MiB", "peak_mib", "{:.1f}"),
    ("idle MiB", "idle_mib", "{:.1f}"),
)


def figures(sample):
    """The figures of one subject in one round."""
    closed, open_, pairs = sample["closed"], sample["open"], sample["pairs"]
    own = "subject"
    return {
        "closed_rate": closed["msg_per_s"],
        "pairs_rate": pairs["msg_per_s"],
        "p50_us": open_["p50_us"],
        "p99_us": open_["p99_us"],
        "closed_cpu_us": closed["processes"][own]["cpu_us_per_msg"],
        "open_cpu_us": open_["processes"][own]["cpu_us_per_msg"],
        "broker_cpu_us": closed["processes"]["broker"]["cpu_us_per_msg"],
        "peak_mib": max(load["processes"][own]["peak_rss_kib"] for load in (closed, open_, pairs)) / MIB,
        "idle_mib": sample["idle_rss_kib"] / MIB,
        "faults": sum(load[fault] for load in (closed, open_, pairs) for fault in ("lost", "out_of_sequence", "refused")),
    }


def summarize(rounds):
    """A row for each subject: medians over the rounds. A ratio is the median of the rounds' own ratios, so that a
    machine that slows down on the way slows both sides of it."""
    by_subject = {}
    for samples in rounds:
        of_round = {(sample["keys"], sample["subject"]): figures(sample) for sample in samples}
        for (keys, subject), one in of_round.items():
            base = of_round[(keys, YARDSTICK)]
            for name in ("closed", "pairs"):
                one[f"{name}_ratio"] = one[f"{name}_rate"] / base[f"{name}_rate"]
            for name in ("p50", "p99"):
                one[f"{name}_ratio"] = one[f"{name}_us"] / base[f"{name}_us"]
            by_subject.setdefault((keys, subject), []).append(one)
    rows = []
    for (keys, subject), all_rounds in sorted(by_subject.items()):
        row = {name: statistics.median(one[name] for one in all_rounds) for name in all_rounds[0]}
        row.update(keys=keys, subject=subject, faults=sum(one["faults"] for one in all_rounds))
        rows.append(row)
    return rows


def _aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                              for i, (cell, width) in enumerate(zip(line, widths))) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":" for i, width in enumerate(widths)) + "|"
    return [text[0], rule, *text[1:]]


def _what(row):
    layouts = "one layout" if row["keys"] == 2 else "both layouts"
    return f"{row['subject']}, {layouts} ({row['keys']} keys)"


def _measured(rows):
    lines = [["", *(title for title, _, _ in COLUMNS)]]
    for row in rows:
        lines.append([_what(row), *(form.format(row[name]) for _, name, form in COLUMNS)])
    return _aligned(lines)


def _met(row, name, bound, limit):
    return row[name] >= limit if bound == "at least" else row[name] <= limit


def _targets(rows):
    ours = [row for row in rows if row["subject"] != YARDSTICK]
    if not ours:
        return []
    lines = [["target", "", *(_what(row) for row in ours)]]
    for what, name, bound, limit, form in TARGETS:
        verdicts = (f"{form.format(row[name])} {'met' if _met(row, name, bound, limit) else 'MISSED'}" for row in ours)
        lines.append([what, f"{bound} {limit}", *verdicts])
    return _aligned(lines)


def _policies(rounds):
    """What policies cost, as a ratio within each round."""
    ratios = []
    for samples in rounds:
        rates = {(sample["keys"], sample["subject"]): sample["closed"]["msg_per_s"] for sample in samples}
        for (keys, subject), rate in rates.items():
            bare = rates.get((keys, subject.removesuffix(", policies")))
            if subject.endswith(", policies") and bare:
                ratios.append(rate / bare)
    if not ratios:
        return []
    return [f"Throughput with {policies.WORDS:,} words, {policies.PATTERNS} patterns and {policies.BLOCKS:,} blocks loaded, as a ratio to the "
            f"same without: {statistics.median(ratios):.2f} (at least 0.90: {'met' if statistics.median(ratios) >= 0.9 else 'MISSED'}; "
            f"rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}).", ""]


# What is aimed at with the embedded broker: what, of which subject, its figure, the bound.
BROKER_TARGETS = (
    ("msg/s in closed loop, stored", "inboxd embedded, batch", "closed_rate", "at least", lambda sync: 40_000),
    ("the same with many pairs", "inboxd embedded, batch", "pairs_rate", "at least", lambda sync: 40_000),
    ("p50 at 1,000 msg/s, µs, not synced", "inboxd embedded, none", "p50_1000", "at most", lambda sync: 200),
    ("p50 at 1,000 msg/s, µs, synced: fdatasync + 150", "inboxd embedded, batch", "p50_1000", "at most", lambda sync: sync + 150),
)


def _broker_figures(sample):
    figures = {
        "closed_rate": sample["closed"]["msg_per_s"],
        "pairs_rate": sample["pairs"]["msg_per_s"],
        "cpu_us": sum(process["cpu_us_per_msg"] for process in sample["closed"]["processes"].values()),
    }
    for rate in ("1000", "10000"):
        for percentile in ("p50", "p99"):
            figures[f"{percentile}_{rate}"] = sample[rate][f"{percentile}_us"] if rate in sample else None
    return figures


def _medians(rounds):
    by_subject = {}
    for samples in rounds:
        for sample in samples:
            by_subject.setdefault(sample["subject"], []).append(_broker_figures(sample))
    rows = {}
    for subject, all_rounds in by_subject.items():
        rows[subject] = {}
        for name in all_rounds[0]:
            known = [one[name] for one in all_rounds if one[name] is not None]
            rows[subject][name] = statistics.median(known) if known else None
    return rows


def _brokers(rounds, sync_us):
    """The embedded broker next to others."""
    if not rounds:
        return []
    rows = _medians(rounds)
    lines = [["", "msg/s, 1 pair", "msg/s, many pairs", "CPU µs/msg, broker included", "p50 µs at 1,000/s", "p99", "p50 µs at 10,000/s", "p99"]]
    for subject, row in rows.items():
        cells = [row[name] for name in ("closed_rate", "pairs_rate", "cpu_us", "p50_1000", "p99_1000", "p50_10000", "p99_10000")]
        lines.append([subject, *("–" if cell is None else f"{cell:,.0f}" for cell in cells)])
    targets = [["target", "", ""]]
    for what, subject, name, bound, limit_of in BROKER_TARGETS:
        limit = limit_of(sync_us)
        met = "met" if _met(rows[subject], name, bound, limit) else "MISSED"
        targets.append([what, f"{bound} {limit:,.0f}", f"{rows[subject][name]:,.0f} {met}"])
    return ["", "The embedded broker next to RabbitMQ with this engine, and to Mosquitto's bare hop (nothing stored, no tokens):", "",
            *_aligned(lines), "", *_aligned(targets)]


def _by_round(rounds):
    """The closed loops of each round, next to how fast the machine was just before and after."""
    if not rounds or "loop_ms" not in rounds[0][0]:
        return []
    lines = [["msg/s with 1 pair, with many (and the loop's ms before, after)", *(f"round {number + 1}" for number in range(len(rounds)))]]
    subjects = list(dict.fromkeys(sample["subject"] for samples in rounds for sample in samples))
    for subject in subjects:
        cells = []
        for samples in rounds:
            sample = next(one for one in samples if one["subject"] == subject)
            before, after = sample["loop_ms"]
            cells.append(f"{sample['closed']['msg_per_s']:,.0f}, {sample['pairs']['msg_per_s']:,.0f} ({before:.1f}, {after:.1f})")
        lines.append([subject, *cells])
    return ["", *_aligned(lines)]


def _crowds(crowds):
    if not crowds:
        return []
    lines = [["", "idle connections", "bytes each", "connects/s", "server's CPU µs a connect, messages included", "p99 µs of 1,000 msg/s meanwhile"]]
    for one in crowds:
        lines.append([one["subject"], f"{one['connections']:,}", f"{one['bytes_per_connection']:,}", f"{one['connects_per_s']:,}",
                      f"{one['server_cpu_us_per_connect']:,}", f"{one['storm']['p99_us']:,.0f}"])
    return ["", *_aligned(lines), ""]


def _history(history):
    lines = [["page of", "requests/s", "msg/s", "p50 µs", "p99 µs", "KiB"]]
    for page in history["pages"]:
        lines.append([f"{page['limit']} messages", f"{page['requests_per_s']:,}", f"{page['msg_per_s']:,}",
                      f"{page['p50_us']:,}", f"{page['p99_us']:,}", f"{page['bytes'] / 1024:.0f}"])
    return _aligned(lines)


def markdown(results):
    machine, setup = results["machine"], results["setup"]
    rows = summarize(results["rounds"])
    sync = machine["fdatasync_us"]
    faults = [f"{_what(row)}: {row['faults']}" for row in rows if row["faults"]]
    return "\n".join([
        f"Machine: {machine['cores']} cores ({machine['cpu']}), {machine['memory_mib']:,} MiB, Linux {machine['kernel']}; "
        f"load before the run {machine['load_before']:.2f}. "
        f"The broker, the load and what is measured share it.",
        f"Disk: append and fdatasync, one each millisecond, {sync['p50']:.0f} µs (p99 {sync['p99']:.0f} µs).",
        f"Medians of {len(results['rounds'])} alternating rounds; closed loop of {setup['window']} messages for "
        f"{setup['closed_s']:g} s, {setup['rate']} msg/s for {setup['open_s']:g} s, {setup['pairs']} pairs for "
        f"{setup['pairs_s']:g} s; QoS 0, text of 200 bytes.",
        "",
        *_measured(rows),
        "",
        *_targets(rows),
        "",
        *_policies(results["rounds"]),
        *_brokers(results["embedded"], sync["p50"]),
        *_by_round(results["embedded"]),
        *_crowds(results["crowds"]),
        "Lost, out of sequence or refused: " + ("; ".join(faults) if faults else "none."),
        "",
        f"REST history, one client, random pages out of {results['history']['messages']:,} messages in "
        f"{results['history']['conversations']:,} conversations:",
        "",
        *_history(results["history"]),
    ])
