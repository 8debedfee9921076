"""An independent forecast: reads facts as JSON on stdin, writes the amounts of every line, band and quarter in cents.

It is written from LOOP.md (Phase 2 and rulings 5, 10 to 13) and shares no line with the product. Beside the lines it writes how far
each partner reaches into each segment: by hand where somebody said, else by the accounts in common, in per cent of those that could buy."""
import json, sys
from decimal import Decimal as D, ROUND_HALF_UP, ROUND_FLOOR, getcontext

getcontext().prec = 60
Z = D("1.2815515655446004669651033294")
F = json.load(sys.stdin)


def wilson(k, n):
    p, zz = D(k) / n, Z * Z
    mid, half, den = p + zz / (2 * n), Z * (p * (1 - p) / n + zz / (4 * n * n)).sqrt(), 1 + zz / n
    return p, max(D(0), (mid - half) / den) if k else D(0), min(D(1), (mid + half) / den) if k < n else D(1)


def cents(x):
    return int(x.copy_abs().quantize(D("1e-20")).quantize(D(1), ROUND_HALF_UP)) * (-1 if x < 0 else 1)


def split(total, weights):
    sign, total, whole = (-1 if total < 0 else 1), abs(total), sum(weights)
    if whole == 0:
        weights, whole = [1] * 4, 4
    exact = [D(total) * w / whole for w in weights]
    parts = [int(e.to_integral_value(ROUND_FLOOR)) for e in exact]
    for at in sorted(range(4), key=lambda i: (-(exact[i] - parts[i]), i))[: total - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]


def down(y):
    return D(8) if y >= 10 else D(5) if y >= 6 else D("2.5") if y >= 3 else y


def thin(y):
    return down(y) if y >= 3 else min(y, D(1))


deals, accounts = F["deals"], F["accounts"]
window = lambda d: d["quarter"] is not None and F["from"] <= d["quarter"] <= F["to"] and d["outcome"] in ("WON", "LOST")
closed = [d for d in deals if window(d)]
new = [d for d in closed if d["kind"] == "NEW"]
history = {}
for d in deals:
    if d["outcome"] == "WON" and d["quarter"] is not None and d["quarter"] <= F["to"]:
        history[d["quarter"]] = history.get(d["quarter"], 0) + (d["arr"] or 0)
first = min([d["quarter"] for d in deals if d["quarter"] is not None and d["outcome"] in ("WON", "LOST")] + [q for _, q, _ in F["spend"]])
count = F["to"] - first + 1
season = [1] * 4
if count >= 8:
    years = range(F["to"] - (count - count % 4) + 1, F["to"] + 1)
    season = [sum(history.get(q, 0) for q in years if q % 4 == (F["quarter"] + at) % 4) for at in range(4)]

customers = {d["account"] for d in deals if d["outcome"] == "WON" and d["quarter"] is not None and d["quarter"] <= F["to"]}
# Where the vendor is at work: a deal it won or had in motion, or a touch, whether a partner (else "") took part or not.
busy = [d for d in deals if d["outcome"] != "DISQUALIFIED" and d["opened"] <= d["span"] and (d["moving"] or d["outcome"] == "WON")]
ours = {d["account"] for d in busy} | {account for _, account in F["touches"]}
out, levels = {}, {}
for partner in F["partners"]:
    on = lambda d, states: any(p == partner and s in states for p, s in d["credits"])
    sourced = [d for d in closed if d["outcome"] == "WON" and on(d, ("SOURCED",))]
    trailing = sum(a for p, q, a in F["spend"] if p == partner and F["from"] <= q <= F["to"])
    plan = {s: [0] * 4 for s in F["segments"] + [""]}
    for p, s, q, a in F["plan"]:
        if p == partner and 0 <= q - F["quarter"] < 4:
            plan[s][q - F["quarter"]] += a
    planned = sum(map(sum, plan.values()))
    bands = None
    if trailing:
        y = D(sum(d["arr"] or 0 for d in sourced)) / trailing
        base = down(y) if y >= 3 and D(planned) >= D(trailing) * D("1.3") else y
        bands = [thin(base) if len(sourced) < 10 else base, base, y]
    touched = {d["account"] for d in deals if any(p == partner for p, _ in d["credits"])}
    touched = (touched | {account for p, account in F["touches"] if p == partner}) & customers
    for segment in F["segments"] + [""]:
        line = {}
        if sum(plan[segment]) and bands:
            part = D(trailing) / planned if planned > trailing and bands[2] < 3 else D(1)
            line["sourced"] = [split(cents(sum(plan[segment]) * part * y), plan[segment]) for y in bands]
        here = [d for d in new if d["segment"] == segment]
        co = [d for d in here if on(d, ("SOURCED", "INFLUENCED", "ACCELERATED"))]
        direct = [d for d in here if not d["credits"] and d["declared"] == "DIRECT"]
        won = [d for d in here if d["outcome"] == "WON" and d["arr"] is not None]
        common = {d["account"] for d in busy if any(p == partner for p, _ in d["credits"])} | {a for p, a in F["touches"] if p == partner}
        common = (common | {a for a, p in F["tags"].items() if p == partner}) & ours
        level, basis = F["penetration"].get(partner + "/" + segment), "BY_HAND"
        if segment and not level and common and F["addressable"].get(segment):
            hundredths, basis = len([a for a in common if accounts[a] == segment]) * 100, "OVERLAP"
            level = ("DEEP" if hundredths >= 40 * F["addressable"][segment] else
                     "MODERATE" if hundredths >= 15 * F["addressable"][segment] else "SHALLOW")
        if segment and level and co and direct and won and F["addressable"].get(segment) is not None:
            engaged = D(F["addressable"][segment]) * {"DEEP": D("0.5"), "MODERATE": D("0.25"), "SHALLOW": D("0.1")}[level]
            acv = D(sum(d["arr"] for d in won)) / len(won)
            (p1, l1, u1), (p2, l2, u2) = (wilson(sum(d["outcome"] == "WON" for d in side), len(side)) for side in (co, direct))
            gap = p1 - p2
            low, high = gap - ((p1 - l1) ** 2 + (u2 - p2) ** 2).sqrt(), gap + ((u1 - p1) ** 2 + (p2 - l2) ** 2).sqrt()
            solid = min(len(co), len(direct)) >= 10
            net = [cents(engaged * g * acv) for g in (min(gap, max(low, D(0))) if solid else min(gap, D(0)), gap, high)]
            line["influenced"] = [split(max(n, 0), season) for n in net]
            line["drag"] = [split(min(n, 0), season) for n in net]
        mine = [a for a in touched if accounts[a] == segment]
        moving = [d for d in deals if d["kind"] == "EXPANSION" and d["account"] in mine and d["moving"] and d["outcome"] != "DISQUALIFIED"]
        grown = [d for d in closed if d["kind"] == "EXPANSION" and d["outcome"] == "WON" and d["account"] in mine and d["arr"] is not None]
        if mine and grown:
            p, low, high = wilson(len({d["account"] for d in moving}), len(mine))
            acv = D(sum(d["arr"] for d in grown)) / len(grown)
            line["expansion"] = [split(cents(len(mine) * x * acv), season) for x in (low, p, high)]
        if line:
            out[partner + "/" + segment] = line
        if segment and level:
            levels[partner + "/" + segment] = [level, basis]
json.dump({"lines": out, "levels": levels}, sys.stdout)
