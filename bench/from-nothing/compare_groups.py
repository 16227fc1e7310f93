"""Scores the groups that measure.ts wrote beside scikit-learn's KMeans on the same features, and prints tables."""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

folder = Path(sys.argv[1])
measured = json.loads((folder / "measured.json").read_text())


def purity(truth, groups):
    """The share of the images that are of the commonest class of their group: the accuracy after naming groups."""
    return sum(np.bincount(truth[groups == g]).max() for g in np.unique(groups)) / len(truth)


print("| dataset | groups | rule | tool | purity | adjusted Rand index |")
print("| --- | --- | --- | --- | --- | --- |")
for case in measured["clusterings"]:
    truth = np.array(case["truth"])
    x = np.fromfile(folder / f"{case['name']}.f32", dtype="<f4").reshape(-1, case["width"])
    peer = KMeans(case["groups"], n_init=5, random_state=0).fit_predict(x)
    for tool, groups in [("ViTune", np.array(case["of"])), ("scikit-learn", peer)]:
        figures = f"{purity(truth, groups):.3f} | {adjusted_rand_score(truth, groups):.3f}"
        print(f"| {case['name']} | {case['groups']} | {case['rule']} | {tool} | {figures} |")

print("\n| dataset | labelled | label next | random | difference, 95 % interval |")
print("| --- | --- | --- | --- | --- |")
scores = measured["scores"]
for name, labelled in dict.fromkeys((s["name"], s["labelled"]) for s in scores):
    own = {
        strategy: [s["accuracy"] for s in sorted(scores, key=lambda s: s["seed"])
                   if (s["name"], s["labelled"], s["strategy"]) == (name, labelled, strategy)]
        for strategy in ("next", "random")
    }
    if len(own["next"]) != len(own["random"]):
        continue
    gain = 100 * (np.array(own["next"]) - np.array(own["random"]))
    # Student's t of two degrees of freedom.
    half = 4.303 * gain.std(ddof=1) / np.sqrt(len(gain))
    means = " | ".join(f"{100 * np.mean(own[strategy]):.1f} %" for strategy in ("next", "random"))
    print(f"| {name} | {labelled} | {means} | {gain.mean():+.1f} ± {half:.1f} points |")
