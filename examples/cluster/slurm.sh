#!/bin/bash
# A study on Slurm nodes: sbatch examples/cluster/slurm.sh study.toml /shared/runs/demo
# `ray symmetric-run` starts Ray on every node, runs the command on the first, and stops Ray when it ends. Its last
# step, `ray stop`, ends every Ray of this user on these nodes: hence --exclusive.
#SBATCH --job-name=morsecensus
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=12:00:00
set -euo pipefail

study=${1:?usage: sbatch slurm.sh STUDY.toml STORE}
store=${2:?usage: sbatch slurm.sh STUDY.toml STORE (a folder that every node sees)}

# The network of a cluster is often shared with other users' jobs: a token for this job keeps them out.
export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
export RAY_AUTH_TOKEN
# Ray waits this long for nodes; large allocations start slowly
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300

first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
head=$(getent ahostsv4 "$first" | awk 'NR == 1 {print $1}')
port=$((20000 + SLURM_JOB_ID % 10000))

# A time limit that ends it costs only the running blocks: the same sbatch goes on from what is committed.
srun ray symmetric-run --address "$head:$port" --min-nodes "$SLURM_JOB_NUM_NODES" --num-cpus "$SLURM_CPUS_ON_NODE" -- \
    morsecensus run "$study" --store "$store" --backend ray --address "$head:$port"
