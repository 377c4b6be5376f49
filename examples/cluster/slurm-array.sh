#!/bin/bash
# A study as an array of Slurm tasks of one core, without Ray: sbatch examples/cluster/slurm-array.sh study.toml /shared/runs/demo
# All tasks share the store, each computes its own blocks, and the last one to end writes the dataset. A time limit, or a
# node that dies, costs the running blocks: the same sbatch goes on from there, or one task of it, as in
# `sbatch --array=7 slurm-array.sh study.toml /shared/runs/demo 100`.
#SBATCH --job-name=morsecensus
#SBATCH --array=1-100
#SBATCH --cpus-per-task=1
#SBATCH --time=12:00:00
set -euo pipefail

study=${1:?usage: sbatch slurm-array.sh STUDY.toml STORE [PARTS]}
store=${2:?usage: sbatch slurm-array.sh STUDY.toml STORE [PARTS] (a folder that every node sees, or a bucket)}
parts=${3:-$SLURM_ARRAY_TASK_COUNT}

# srun passes Slurm's signals on, so that a task that is ended gives its lease back
exec srun --ntasks=1 morsecensus run "$study" --store "$store" --part "$SLURM_ARRAY_TASK_ID/$parts"
