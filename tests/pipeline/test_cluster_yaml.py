import subprocess
import sys
from pathlib import Path

import yaml

CONFIG = Path(__file__).parents[2] / "cluster.yaml"
CHECK = """
import sys, yaml
from ray.autoscaler._private.util import prepare_config, validate_config
config = yaml.safe_load(open(sys.argv[1]))
validate_config(prepare_config(config))
"""


def test_ray_accepts_the_cluster_file():
    # in a process of its own: importing ray.autoscaler warns about things that are not ours
    done = subprocess.run([sys.executable, "-c", CHECK, str(CONFIG)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


def test_every_node_gets_an_explicit_token_mode():
    config = yaml.safe_load(CONFIG.read_text())
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        starts = [command for command in config[key] if "ray start" in command]
        assert starts
        assert all("RAY_AUTH_MODE=" in command for command in starts)
