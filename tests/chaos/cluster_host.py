"""A Ray cluster of small nodes on this host, in a process of its own.

Prints its address, then takes one command per line (``add``, ``remove``) and answers each with the number of
its nodes. It ends, with all of its nodes, when its input does.
"""

import os
import sys
from typing import Any

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.1"}
HEAD = {"num_cpus": 0, "include_dashboard": False}
"""The head computes nothing: it can't be removed, so no block should be safe there."""


def main() -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE | HEAD)
    nodes = [cluster.add_node(**NODE), cluster.add_node(**NODE)]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line == "add\n":
            nodes.append(cluster.add_node(**NODE))
        elif line == "remove\n":
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
        print(len(nodes), flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
