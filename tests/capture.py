"""capture.py - what a real kernel said of one boot, read from the files as they were captured.

The expectation of the golden boots. It shares nothing with the parsers under test: plain regular expressions over the text of
/proc and of the log. A value is named by a path, as "node/0/zone/DMA32/managed".
"""
import json, os, re

ZONE_ROWS = ("min", "low", "high", "promo", "spanned", "present", "managed")
LIST_ROWS = ("high", "batch", "high_min", "high_max")
# Rows of /proc/iomem that the firmware map and the kernel's own reservations make; drivers add others later.
IOMEM_NAMES = ("System RAM", "ACPI Tables", "ACPI Non-volatile Storage", "Persistent Memory (legacy)", "Persistent Memory", "Crash kernel")


def read(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def zones_of(zoneinfo):
    """{(node, zone): {row: value}}; of per-CPU lists the first CPU's."""
    zones, zone = {}, None
    for line in zoneinfo.splitlines():
        words = line.replace(":", " ").split()
        head = re.match(r"Node (\d+), zone +(\S+)", line)
        if head:
            zone = zones.setdefault((int(head[1]), head[2]), {})
        elif zone is None or not words:
            continue
        elif words[0] == "protection":
            zone["protection"] = [int(n) for n in re.findall(r"\d+", line)]
        elif words[0] == "vm" and words[1:3] == ["stats", "threshold"]:
            zone.setdefault("stat_threshold", int(words[3]))
        elif words[0] == "start_pfn":
            zone["start_pfn"] = int(words[1])
        elif ":" in line and words[0] in LIST_ROWS:
            zone.setdefault("pcp_" + words[0], int(words[1]))
        elif ":" not in line and words[0] in ZONE_ROWS and len(words) == 2:
            zone.setdefault(words[0], int(words[1]))
    return zones


def release_of(log):
    found = re.search(r"Linux version (\d+)\.(\d+)", log)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def zone_values(zoneinfo, lists_float):
    values = {}
    for (node, name), zone in zones_of(zoneinfo).items():
        for row, value in zone.items():
            if row in ("spanned", "present", "managed") or (zone.get("present") and not (row == "pcp_high" and lists_float)):
                values[f"node/{node}/zone/{name}/{row}"] = value
    return values


def log_values(log):
    values = {}
    ends = re.findall(r"last_pfn = 0x([0-9a-f]+) max_arch_pfn = 0x([0-9a-f]+)", log)
    if ends:
        values["max_pfn"] = max(int(last, 16) for last, _ in ends)
        values["max_arch_pfn"] = int(ends[0][1], 16)
    # Older kernels write a small k, and the end of memory behind it.
    memory = re.search(r"\] Memory: \d+K/(\d+)K available", log)
    if memory:
        values["physpages"] = int(memory[1]) // 4
    orders = re.findall(r"Fallback order for Node \d+: ([\d ]+)", log)
    if orders:
        values["fallback"] = [[int(n) for n in order.split()] for order in orders]
    return values


def iomem_values(iomem):
    rows = [(int(a, 16), int(b, 16), name) for a, b, name in re.findall(r"^ *([0-9a-f]+)-([0-9a-f]+) : (.*)$", iomem, re.M)]
    values = {}
    if any(end for _, end, _ in rows):
        for wanted in IOMEM_NAMES:
            values["iomem/" + wanted] = [[start, end] for start, end, name in rows if name == wanted]
    return values


def values_of(folder):
    """Every number of the boot that the model is asked for."""
    log = read(folder, "dmesg")
    # Since 6.7 the lists grow and shrink with use: where "high" stood at the capture is no property of the boot.
    values = zone_values(read(folder, "zoneinfo"), lists_float=release_of(log) >= (6, 7))
    values.update(log_values(log))
    values.update(iomem_values(read(folder, "iomem")))
    total = re.search(r"^MemTotal: +(\d+) kB", read(folder, "meminfo"), re.M)
    if total:
        values["mem_total_kib"] = int(total[1])
    if read(folder, "sysctl_min_free_kbytes").strip():
        values["min_free_kbytes"] = int(read(folder, "sysctl_min_free_kbytes"))
    size = re.search(r"block_size ([0-9a-f]+)", read(folder, "memory_blocks"))
    if size:
        values["memory_block_size"] = int(size[1], 16)
    for node, distance in re.findall(r"^node(\d+) .*\bdistance=([\d ]+)", read(folder, "nodes"), re.M):
        values[f"node/{node}/distance"] = [int(n) for n in distance.split()]
    return values


def values_in(document, side):
    """The same names, from the "predicted" or "observed" part of a verdict document."""
    part = document.get(side) or {}
    values = {k: part.get(k) for k in ("max_pfn", "max_arch_pfn", "physpages", "mem_total_kib", "min_free_kbytes", "fallback")}
    for node in part.get("nodes") or []:
        for zone in node.get("zones") or []:
            values.update({f"node/{node['id']}/zone/{zone['name']}/{row}": value for row, value in zone.items()})
    for wanted in IOMEM_NAMES:
        values["iomem/" + wanted] = [[r["start"], r["end"]] for r in part.get("iomem") or [] if r["name"] == wanted]
    values["memory_block_size"] = (part.get("memory_blocks") or {}).get("size")
    for node in (document.get("machine") or {}).get("nodes") or []:
        values[f"node/{node['id']}/distance"] = node.get("distance")
    return values


def description_of(folder):
    with open(os.path.join(folder, "boot.json"), encoding="utf-8") as f:
        return json.load(f)
