"""Writes calibration.json: temperatures, calibration errors, intervals and paired tests as scikit-learn and SciPy have them.

Run: .venv/bin/python test/golden/calibration.py (scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6)
The temperature is that of CalibratedClassifierCV(method="temperature") over a classifier whose scores are the logits. The
expected calibration error has 15 bins of equal width over the probability of the likeliest class (Guo et al., 2017).
"""
import json
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

here = Path(__file__).parent
BINS = 15


class Scores(ClassifierMixin, BaseEstimator):
    """A classifier whose decision function is its input; of two classes half the difference, as scikit-learn takes it."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        self.n_features_in_ = x.shape[1]
        return self

    def decision_function(self, x):
        return x if x.shape[1] > 2 else (x[:, 1] - x[:, 0]) / 2

    def predict(self, x):
        return x.argmax(1)


def temperature(logits, truth):
    model = FrozenEstimator(Scores().fit(logits, truth))
    fitted = CalibratedClassifierCV(model, method="temperature").fit(logits, truth)
    return 1 / float(fitted.calibrated_classifiers_[0].calibrators[0].beta_)


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def error(logits, truth):
    shares = softmax(logits)
    confidence, right = shares.max(1), shares.argmax(1) == truth
    edges = np.linspace(0, 1, BINS + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


random = np.random.default_rng(7)
cases = []
for images, classes, signal, sharpness in ((60, 2, 1.2, 1.0), (120, 3, 1.5, 2.5), (100, 6, 2.0, 0.3), (80, 12, 3.0, 4.0)):
    truth = random.integers(0, classes, images)
    clean = random.normal(size=(images, classes)) + signal * np.eye(classes)[truth]
    logits = np.round(sharpness * clean, 4).astype(np.float32).astype(np.float64)
    fitted = temperature(logits, truth)
    cases.append(
        {
            "truth": truth.tolist(),
            "logits": np.round(logits, 4).tolist(),
            "temperature": fitted,
            "before": error(logits, truth),
            "after": error(logits / fitted, truth),
        }
    )

intervals = []
for hits, images in ((0, 7), (7, 7), (1, 2), (43, 56), (180, 194), (5000, 10000)):
    found = binomtest(hits, images).proportion_ci(method="wilson")
    intervals.append({"hits": hits, "images": images, "interval": [float(found.low), float(found.high)]})

pairs = []
for first, second in ((0, 0), (1, 0), (3, 9), (10, 2), (40, 61), (300, 260)):
    p = binomtest(min(first, second), first + second).pvalue if first + second else 1.0
    pairs.append({"onlyFirst": first, "onlySecond": second, "p": float(p)})

(here / "calibration.json").write_text(json.dumps({"cases": cases, "intervals": intervals, "pairs": pairs}) + "\n")
