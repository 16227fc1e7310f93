"""Looks for planted label errors with cleanlab, on the features and folds that labels.ts wrote, and prints a table."""

import json
import sys
import warnings
from pathlib import Path

import cleanlab
import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])


def probabilities(x, case, c):
    """Out-of-fold probabilities of a logistic regression, as cleanlab's guides have it."""
    labels, folds = np.array(case["labels"]), np.array(case["folds"])
    result = np.zeros((len(labels), case["classes"]))
    for fold in range(5):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        head = LogisticRegression(C=c, max_iter=300).fit(x[train], labels[train])
        result[np.ix_(test, head.classes_)] = head.predict_proba(x[test])
    return result


def figures(found, ranked, case):
    planted = set(case["planted"])
    first = len(planted & set(ranked[: len(planted)])) / len(planted)
    # Of as many images as this tool flags, the ones that ViTune doubts most.
    ours = len(planted & set(case["ranked"][: len(found)])) / len(planted)
    return first, len(planted & set(found)) / len(planted), len(found), ours


def of_cleanlab(x, case, c):
    p = probabilities(x, case, c)
    labels = np.array(case["labels"])
    found = find_label_issues(labels, p, return_indices_ranked_by="self_confidence", n_jobs=1)
    return figures(list(found), list(np.argsort(p[np.arange(len(labels)), labels])), case)


rows = {}
for case in json.loads((folder / "cases.json").read_text()):
    x = np.fromfile(folder / f"{case['name']}.f32", "f4").reshape(-1, case["width"])
    for tool, result in (
        ("ViTune", figures(case["found"], case["ranked"], case)),
        ("cleanlab, C = 1", of_cleanlab(x, case, 1)),
        ("cleanlab, C = 0.01", of_cleanlab(x, case, 0.01)),
    ):
        rows.setdefault((case["name"], len(case["labels"]), tool), []).append(result)
print(f"cleanlab {cleanlab.__version__}\n")
print("| dataset | images | tool | precision at the number planted | flags | their recall | ViTune's in as many |")
print("| --- | --- | --- | --- | --- | --- | --- |")
for (name, images, tool), results in rows.items():
    first, recall, count, ours = np.mean(results, axis=0)
    print(f"| {name} | {images} | {tool} | {first:.3f} | {count:.0f} | {recall:.3f} | {ours:.3f} |", flush=True)
