"""Writes ridge.json: a linear head by scikit-learn's Ridge, which leaves the intercept without a penalty."""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

random = np.random.default_rng(0)
images, width, classes, penalty = 40, 6, 3, 0.3
x = random.normal(size=(images, width)).astype("f4") + 1
labels = random.integers(0, classes, images)
head = Ridge(alpha=penalty * images, solver="cholesky").fit(x.astype("f8"), np.eye(classes)[labels])
matrix = x[:width].T @ x[:width] + np.eye(width)
golden = {
    "width": width,
    "classes": classes,
    "penalty": penalty,
    "values": x.ravel().tolist(),
    "labels": labels.tolist(),
    "weight": head.coef_.ravel().tolist(),
    "bias": head.intercept_.tolist(),
    "matrix": matrix.ravel().tolist(),
    "factor": np.linalg.cholesky(matrix.astype("f8")).ravel().tolist(),
    "solution": np.linalg.solve(matrix.astype("f8"), x[0].astype("f8")).tolist(),
}
Path(__file__).with_name("ridge.json").write_text(json.dumps(golden) + "\n")
