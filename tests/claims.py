"""claims.py - what a prediction claims of its values, held against a real boot.

    wrong, nr = wrong_claims(document, truth)     {key: what is wrong}, and how many claims were looked at
"""
import capture

GROUP = {"spanned": "geometry", "present": "geometry", "start_pfn": "geometry", "min": "watermarks", "low": "watermarks", "high": "watermarks", "promo": "watermarks",
         "protection": "watermarks", "min_free_kbytes": "watermarks", "iomem/Crash kernel": "places"}


def group_of(key):
    row = key.split("/")[-1] if key.startswith("node/") else key
    if key.startswith("iomem/System RAM"):
        return "map"
    return GROUP.get(row, "pcp" if row.startswith("pcp_") or row == "stat_threshold" else "geometry")


def claim_of(basis, value, low, high, truth):
    if basis == "exact":
        return "" if value == truth else f"exact {value} for {truth}"
    return "" if basis != "bounded" or low <= truth <= high else f"{low} to {high} for {truth}"


def amounts(doc):
    """{name: (basis, value, low, high)} of what is declared number by number."""
    predicted = doc["predicted"]
    ret = {"mem_total_kib": (predicted["mem_total_basis"], predicted["mem_total_kib"], predicted["mem_total_min_kib"], predicted["mem_total_max_kib"])}
    for node in predicted["nodes"]:
        for zone in node["zones"]:
            ret[f"node/{node['id']}/zone/{zone['name']}/managed"] = (zone["managed_basis"], zone["managed"], zone["managed_min"], zone["managed_max"])
    return ret


def wrong_claims(doc, truth):
    """{key: what is wrong}, and how many claims were looked at."""
    got, basis, declared = capture.values_in(doc, "predicted"), doc["prediction"]["basis"], amounts(doc)
    wrong, nr = {}, 0
    for key, value in truth.items():
        if key in declared:
            text = claim_of(*declared[key], value)
        elif got.get(key) is None or basis[group_of(key)]["basis"] != "exact":
            continue
        else:
            text = "" if got[key] == value else f"{got[key]} for {value}"
        nr += 1
        if text:
            wrong[key] = text
    return wrong, nr
