"""Clusters of refused people: k-means on their encoding."""

from __future__ import annotations

__all__ = ["clustered"]

import torch
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from recourse_arena import ClusterRule, Encoding, NearestCentre, OneCluster, Problem, derive_seed


def clustered(problem: Problem, clusters: int, *, seed: int) -> ClusterRule:
    """Return the rule of so many clusters: k-means (10 starts) on the standardised encoding of refused training people.

    There are fewer clusters where there are fewer distinct people.
    """
    refused = problem.asking(problem.training).double()
    clusters = min(clusters, len(refused.unique(dim=0)))
    if clusters == 1:
        return OneCluster()
    encoding = Encoding.fitted(problem.features, refused)
    start = derive_seed(seed, "menu", "clusters") % (1 << 32)
    with threadpool_limits(1):  # sums of several threads differ in their last bits from run to run
        found = KMeans(clusters, n_init=10, random_state=start).fit(encoding.encode(refused).numpy())
    return NearestCentre(torch.from_numpy(found.cluster_centers_), encoding.mean, encoding.sd)
