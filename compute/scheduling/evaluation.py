"""The jobs and the cluster of Optimus' evaluation (section 6.1), made from published facts, else from assumptions.

The paper gives a speed model for ResNet-50 alone (Table 2). Another network's computing terms are
ResNet-50's times the ratio of their steps on one worker, which later code by the first author lists
for seven of the nine; its exchange is ResNet-50's times the ratio of their parameters (Table 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from compute.core.loss_curve import LossCurve
from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.scheduling.jobs import Cluster
from compute.scheduling.running import scaled
from compute.scheduling.workload import Network

# networks that the later code does not have: one like it in kind and size, or else the median of the others' steps
LIKE = {"KAGGLE": "ResNext-110", "DeepSpeech2": "ResNet-50"}
LIKE_ALL = "ResNet-50"
MB_PER_MILLION = 4.0


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What is published of the evaluation: values by key, and those of `optimus_jobs` by network and quantity."""

    published: Mapping[str, str]
    jobs: Mapping[tuple[str, str], float]

    def number(self, key: str) -> float:
        """A published number by its key."""
        return float(self.published[key])

    def cluster(self) -> Cluster:
        """The testbed's machines; their GPUs are left out, as workers of the paper's speed models run on CPU cores."""
        kinds = ("cpu", "gpu")
        machine = {
            kind: tuple(self.number(f"optimus_testbed_{kind}_server_{what}") for what in ("cores", "memory_gb"))
            for kind in kinds
        }
        return Cluster(
            groups=tuple((int(self.number(f"optimus_testbed_{kind}_servers")), machine[kind]) for kind in kinds)
        )

    def task(self, name: str) -> tuple[float, float]:
        """CPU cores and GB of a task: `code_worker` or `code_server` of the authors' code, or `container` of Fig. 4."""
        cores = "cpu_cores" if name == "container" else "cores"
        return self.number(f"optimus_{name}_{cores}"), self.number(f"optimus_{name}_memory_gb")

    def interval_s(self) -> float:
        """The seconds of a scheduling interval."""
        return 60 * self.number("optimus_scheduling_interval_min")

    def checkpoint_s(self) -> float:
        """Seconds of a checkpoint and restart: the paper's share of the makespan if tasks change in every interval."""
        return self.interval_s() * self.number("optimus_scaling_overhead_percent") / 100

    def curve(self) -> LossCurve:
        """Seq2Seq's printed loss curve, with k in epochs: the only normalised one that the paper prints."""
        return LossCurve(**{f"beta{i}": self.number(f"optimus_seq2seq_beta{i}") for i in range(3)})

    def patience(self) -> int:
        """For how many epochs running the loss has to change little before a job has converged."""
        return int(self.number("optimus_code_little_change_epochs"))

    def thresholds(self) -> tuple[float, float]:
        """The least and the largest convergence threshold, as fractions of the first loss."""
        low, high = self.published["optimus_convergence_threshold_percent"].split(" to ")
        return float(low) / 100, float(high) / 100

    def networks(
        self, *, speeds: str = "table2", containers: str = "code", epochs: str = "curve"
    ) -> tuple[Network, ...]:
        """The nine networks of Table 1.

        `speeds` table2 or later, `containers` code or figure, `epochs` curve or later: the paper's own
        figures or those of the authors' code.
        """
        names = dict.fromkeys(network for network, _ in self.jobs)
        return tuple(self._network(name, speeds, containers, epochs) for name in names)

    def _network(self, name: str, speeds: str, containers: str, epochs: str) -> Network:
        table, like = self.jobs, LIKE.get(name, name)
        step, reference = table[like, "step"], table[LIKE_ALL, "step"]
        epoch = table.get((name, "epoch")) or table[name, "examples"] / self.number("optimus_code_batch_resnext110")
        synchronous, asynchronous = self._resnet50(speeds)
        if speeds == "table2":
            times = {"compute": step / reference, "transfer": table[name, "parameters"] / table[LIKE_ALL, "parameters"]}
        else:
            size = table.get((name, "size")) or MB_PER_MILLION * table[name, "parameters"]
            exchange = size / table[like, "bandwidth"] / (table[LIKE_ALL, "size"] / table[LIKE_ALL, "bandwidth"])
            times = {"compute": step / reference, "transfer": exchange}
        kinds = {"worker": "code_worker", "server": "code_server"}
        if containers == "figure":
            kinds = dict.fromkeys(kinds, "container")
        return Network(
            name=name,
            synchronous=scaled(synchronous, **times),
            asynchronous=scaled(asynchronous, **times),
            epoch_steps=epoch,
            epochs=table[like, "epochs"] if epochs == "later" else None,
            **{kind: self.task(name) for kind, name in kinds.items()},
        )

    def _resnet50(self, speeds: str) -> tuple[SynchronousSpeed, AsynchronousSpeed]:
        """Table 2's models of ResNet-50, or the later code's step and exchange, otherwise in Table 2's proportions."""
        table, theta = self.jobs, [self.number(f"optimus_sync_theta{i}") for i in range(5)]
        synchronous = SynchronousSpeed(theta=tuple(theta), batch=self.number("optimus_m_implied"))
        asynchronous = AsynchronousSpeed(theta=tuple(self.number(f"optimus_async_theta{i}") for i in range(4)))
        if speeds == "table2":
            return synchronous, asynchronous
        step, exchange = table[LIKE_ALL, "step"], 2 * table[LIKE_ALL, "size"] / table[LIKE_ALL, "bandwidth"]
        local = theta[0] * synchronous.batch + theta[1]
        return (
            scaled(synchronous, compute=step / local, connections=step / local, transfer=exchange / theta[2]),
            scaled(
                asynchronous,
                compute=step / asynchronous.theta[0],
                connections=step / local,
                transfer=exchange / asynchronous.theta[1],
            ),
        )
