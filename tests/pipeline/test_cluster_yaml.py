import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIGS = [ROOT / "cluster.yaml", ROOT / "examples" / "cluster" / "aws.yaml"]
CHECK = """
import sys, yaml
from ray.autoscaler._private.util import prepare_config, validate_config
for path in sys.argv[1:]:
    config = yaml.safe_load(open(path))
    validate_config(prepare_config(config))
    print("accepted", path)
"""


def test_ray_accepts_the_cluster_files():
    # in a process of its own: importing ray.autoscaler warns about things that are not ours
    done = subprocess.run([sys.executable, "-c", CHECK, *map(str, CONFIGS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    for path in CONFIGS:
        assert f"accepted {path}" in done.stdout


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_node_gets_an_explicit_token_mode(path):
    config = yaml.safe_load(path.read_text())
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        starts = [command for command in config[key] if "ray start" in command]
        assert starts
        assert all("RAY_AUTH_MODE=" in command for command in starts)
