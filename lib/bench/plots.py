"""Pictures of benchmark results, as SVG files beside the tables of lib/bench/README.md (needs Debian's python3-matplotlib).

The same figures give the same bytes: no dates, no random identifiers.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "plots"


def pyplot(fail):
    """matplotlib, or an error for people."""
    try:
        import matplotlib
    except ImportError:
        fail(f"plots need matplotlib, which {sys.executable} does not have (Debian's python3-matplotlib is for /usr/bin/python3)")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "gauntlet", "font.size": 8, "axes.spines.top": False,
                                "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
                                "grid.color": "#dddddd", "axes.axisbelow": True, "legend.frameon": False})
    from matplotlib import pyplot as plt
    return plt


def save(figure, name):
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / name
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    return path


def bars(plt, groups, series, *, title, unit, baseline=None):
    """Grouped bars on a logarithmic axis: `series` is {name: [value or None, one for each group]}."""
    figure, axis = plt.subplots(figsize=(max(6, 0.22 * len(groups) * len(series)), 3.2))
    width = 0.8 / len(series)
    for i, (name, values) in enumerate(series.items()):
        places = [g + (i - (len(series) - 1) / 2) * width for g in range(len(groups))]
        shown = [(at, value) for at, value in zip(places, values) if value is not None]
        axis.bar([at for at, _ in shown], [value for _, value in shown], width, label=name)
    axis.set_yscale("log")
    axis.set_xticks(range(len(groups)), groups, rotation=30, ha="right")
    axis.set_ylabel(unit)
    axis.set_title(title, loc="left")
    if baseline is not None:
        axis.axhline(baseline, color="#444444", linewidth=0.8)
    axis.legend(ncols=min(6, len(series)), loc="upper center", bbox_to_anchor=(0.5, -0.28))
    return figure


def plot_ratios(records, fail):
    """One picture for each kind of key: our time over the best peer's, by workload, a bar for each size."""
    plt = pyplot(fail)
    paths = []
    for keys in dict.fromkeys(r["keys"] for r in records):
        own = [r for r in records if r["keys"] == keys]
        workloads = list(dict.fromkeys(r["what"] for r in own))
        sizes = sorted({r["size"] for r in own})
        series = {f"n = {size:,}": [next((r["ratio"] for r in own if r["what"] == what and r["size"] == size), None)
                                    for what in workloads] for size in sizes}
        figure = bars(plt, workloads, series, title=f"hash_map, {keys}: time over the best peer's (below 1: faster)",
                      unit="ratio", baseline=1)
        paths.append(save(figure, f"hash_map_{keys}.svg"))
        plt.close(figure)
    return paths


def plot_mixes(rows, maps, fail):
    """One picture for each share of reads: throughput by threads, keys and law, a bar for each map. `rows` are
    {threads, keys, law, reads, throughput: {map: million operations a second}}."""
    plt = pyplot(fail)
    paths = []
    for reads in dict.fromkeys(r["reads"] for r in rows):
        own = [r for r in rows if r["reads"] == reads]
        groups = [f"{r['threads']} threads, {r['keys']} keys, {r['law']}" for r in own]
        series = {name: [r["throughput"].get(name) for r in own] for name in maps}
        figure = bars(plt, groups, series, title=f"{reads} % reads: throughput", unit="million operations a second")
        paths.append(save(figure, f"family_{reads}_reads.svg"))
        plt.close(figure)
    return paths


def plot_curves(curves, maps, size_name, fail):
    """One picture for each number of keys, a panel for each law and share of reads: throughput by threads, a line for each
    map. `curves` is {(keys, law, reads): {threads: {medians: {map: million operations a second}}}}."""
    plt = pyplot(fail)
    paths = []
    for keys in dict.fromkeys(keys for keys, _, _ in curves):
        laws = list(dict.fromkeys(law for k, law, _ in curves if k == keys))
        mixes = list(dict.fromkeys(reads for k, _, reads in curves if k == keys))
        figure, axes = plt.subplots(len(laws), len(mixes), figsize=(3.0 * len(mixes), 2.8 * len(laws)), squeeze=False)
        for row, law in zip(axes, laws):
            for axis, reads in zip(row, mixes):
                curve = curves[keys, law, reads]
                for number, name in enumerate(maps):
                    axis.plot(list(curve), [record["medians"][name] for record in curve.values()], label=name, color=f"C{number % 10}",
                              linestyle="-" if number < 10 else "--", marker="o", markersize=2, linewidth=1)
                axis.set_xscale("log", base=2)
                axis.set_yscale("log")
                axis.set_xticks(list(curve), [str(threads) for threads in curve])
                axis.set_title(f"{law}, {reads} % reads", loc="left")
        for axis in axes[-1]:
            axis.set_xlabel("threads")
        for row in axes:
            row[0].set_ylabel("million operations a second")
        figure.suptitle(f"{size_name(keys)} keys", x=0.06, ha="left")
        figure.legend(*axes[0][0].get_legend_handles_labels(), ncols=7, loc="lower center", bbox_to_anchor=(0.5, -0.06))
        paths.append(save(figure, f"threads_{keys}_keys.svg"))
        plt.close(figure)
    return paths


def plot_contention(rows, fail):
    """One picture for each map: million operations a second by threads, a line for each law and share of reads; what was
    measured as dots, the model as lines. `rows` are (map, law, reads, {threads: measured}, {threads: modelled})."""
    plt = pyplot(fail)
    paths = []
    for name in dict.fromkeys(row[0] for row in rows):
        figure, axis = plt.subplots(figsize=(6, 3.6))
        for number, (_, law, reads, measured, modelled) in enumerate(row for row in rows if row[0] == name):
            colour = f"C{number}"
            axis.plot(list(modelled), [v / 1e6 for v in modelled.values()], color=colour, label=f"{law}, {reads} % reads",
                      linestyle="-" if law == "uniform" else "--")
            axis.plot(list(measured), [v / 1e6 for v in measured.values()], "o", color=colour, markersize=4)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(list(modelled), [str(threads) for threads in modelled])
        axis.set_xlabel("threads, each with a processor")
        axis.set_ylabel("million operations a second")
        axis.set_title(f"{name}: measured (dots), modelled (lines)", loc="left")
        axis.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.18))
        paths.append(save(figure, f"contention_{name}.svg"))
        plt.close(figure)
    return paths


def finds(plt, panels, *, title):
    """Steps that rise from 0 to 1 on a logarithmic axis, a panel for each measure: `panels` is {measure: {name: curve}}, a
    curve [(at, share that is left)]."""
    figure, axes = plt.subplots(1, len(panels), figsize=(3.6 * len(panels), 3.2), sharey=True, squeeze=False)
    for axis, (measure, curves) in zip(axes[0], panels.items()):
        for name, curve in curves.items():
            axis.step([at for at, _ in curve], [1 - left for _, left in curve], where="post", label=name)
        axis.set_xscale("log")
        axis.set_xlabel(measure)
        axis.set_ylim(0, 1)
    axes[0][0].set_title(title, loc="left")
    figure.legend(*axes[0][0].get_legend_handles_labels(), ncols=len(next(iter(panels.values()))), loc="lower center",
                  bbox_to_anchor=(0.5, -0.08))
    return figure
