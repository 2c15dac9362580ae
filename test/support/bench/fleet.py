"""The cases of fleet: `prepull controller` on many nodes, all of them played.

The API server of the tests plays the nodes, their pods and the Job controller
(test/support/kubernetes_api), so that what is measured is the controller and
what it costs the API server. It needs no root.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

from lab.closing import Closing
from lab.process import end_child, start_child, wait_until

IMAGES = 50
DEFAULT_NODES = (500, 5000, 20000)
# Each pod pulls so long, so that the cluster and not the budget of writes is
# what the controller waits for.
_PULL_TIME = "12s"
_CONCURRENCY = 100
_NAMESPACE = "prepull"
_PREPULLS = f"/apis/prepull.dev/v1alpha1/namespaces/{_NAMESPACE}/prepulls"
_HEAD = ("| nodes | time | writes a node: ours | of Job and pod | reads "
         "| peak memory | CPU | Job's end to record: median, max "
         "| to its deletion: median, max | Prepull |")
_WRITES = ("create", "apply", "patch", "delete")


def print_table(build, sizes):
    """Prints a row for each number of nodes, and what dead ones do."""
    print(_HEAD)
    print("|" + "---:|" * (_HEAD.count("|") - 1))
    for nodes in sizes:
        print(_row(build, nodes), flush=True)
    print(f"\n{_dead_nodes(build)}", flush=True)


def _row(build, nodes):
    # A node's own report comes each 5 minutes, and its status is large.
    cluster_flags = ["--nodes", str(nodes), "--pull-time", _PULL_TIME,
                     "--fail-share", "0.02", "--heartbeat", "5m",
                     "--node-images", "50", "--managed-bytes", "1500"]
    spec = {"concurrency": _CONCURRENCY, "failureTolerate": "1",
            "retryTimes": 0}
    with _Fleet(build, cluster_flags) as fleet:
        took = fleet.bring(spec, _is_finished, 300 + nodes / 3)
        status = fleet.prepull()["status"]
        done = sum(status["nodes"][state] for state in ("succeeded", "failed"))
        if done != nodes:
            raise RuntimeError(f"fleet: {status['nodes']} of {nodes} nodes")
        return _row_of(nodes, took, fleet)


def _row_of(nodes, took, fleet):
    writes = fleet.writes()
    ours = {verb: _sum(writes["client"], verb) / nodes for verb in _WRITES}
    parts = ", ".join(f"{verb} {count:.2f}" for verb, count in ours.items())
    played = sum(writes["cluster"][what] for what in writes["cluster"]
                 if "nodes" not in what) / nodes
    reads = (_sum(writes["client"], "list") + _sum(writes["client"], "get")
             ) / nodes
    return (f"| {nodes:,} | {took:,.0f} s "
            f"| {sum(ours.values()):.2f} ({parts}) | {played:.1f} "
            f"| {reads:.2f} | {fleet.peak_mb():.1f} MB "
            f"| {fleet.cpu() / took:.3f} of a core "
            f"| {_delays(writes['recorded'])} | {_delays(writes['deleted'])} "
            f"| {writes['largest_prepull'] / 1e3:.1f} kB |")


def _sum(counts, verb):
    # The bench itself creates and reads Prepulls.
    return sum(count for what, count in counts.items()
               if what.split()[0] == verb
               and what not in ("create prepulls", "get prepulls"))


def _delays(delays):
    if not delays["count"]:
        return "–"
    return f"{delays['median_ms']:,} ms, {delays['max_ms']:,} ms"


def _dead_nodes(build):
    """12 of 50 nodes die with the first pod that they run."""
    cluster_flags = ["--nodes", "50", "--dead", "12", "--pull-time", "2s",
                     "--haste", "0.05"]
    spec = {"concurrency": 10, "failureTolerate": "1", "timeoutSeconds": 60}
    with _Fleet(build, cluster_flags) as fleet:
        took = fleet.bring(
            spec, lambda status: status["nodes"]["succeeded"] == 38, 900)
        nodes = fleet.prepull()["status"]["nodes"]
    return (f"12 of 50 nodes die at concurrency 10: the other 38 are done after "
            f"{took:.0f} s (a Job's deadline takes 18 s here); then "
            f"{nodes['unreachable']} are unreachable.")


def _is_finished(status):
    return any(each["type"] == "Finished" and each["status"] == "True"
               for each in status.get("conditions", []))


class _Fleet(Closing):
    """A fake cluster and a controller at work on it."""

    def __init__(self, build, cluster_flags):
        super().__init__()
        self._folder = tempfile.mkdtemp(prefix="prepull-bench-")
        kubeconfig = os.path.join(self._folder, "kubeconfig")
        self._cluster = start_child(
            [f"{build}/test/e2e/fake_kubernetes", "--kubeconfig", kubeconfig,
             "--namespace", _NAMESPACE, *cluster_flags],
            stdout=subprocess.PIPE, text=True)
        self._port = int(self._cluster.stdout.readline().split()[1])
        if self._cluster.stdout.readline() != "ready\n":
            raise RuntimeError("the fake API server did not start")
        self._log = open(os.path.join(self._folder, "log"), "w+b")
        self._controller = start_child(
            [f"{build}/prepull", "controller", "--kubeconfig", kubeconfig,
             "--namespace", _NAMESPACE, "--image", "bench.example/prepull:1",
             "--http-listen", "127.0.0.1:0"], stderr=self._log)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}))

    def _close(self):
        end_child(self._controller, 10)
        end_child(self._cluster, 5)
        self._cluster.stdout.close()
        self._log.close()
        shutil.rmtree(self._folder)

    def bring(self, spec, is_done, seconds):
        """Makes a Prepull; returns how many seconds its status took."""
        images = [f"registry.bench.example/team/application-{i}:1.{i}"
                  for i in range(IMAGES)]
        begin = time.monotonic()
        self._ask(_PREPULLS, json.dumps({
            "apiVersion": "prepull.dev/v1alpha1", "kind": "Prepull",
            "metadata": {"name": "bench"},
            "spec": {"images": images} | spec}).encode())
        wait_until(lambda: self._looks(is_done), seconds, "the Prepull's end")
        return time.monotonic() - begin

    def prepull(self):
        return self._ask(f"{_PREPULLS}/bench")

    def writes(self):
        return self._ask("/fake/writes")

    def cpu(self):
        """Seconds of CPU of the controller so far."""
        with open(f"/proc/{self._controller.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak_mb(self):
        with open(f"/proc/{self._controller.pid}/status",
                  encoding="ascii") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 / 1e6

    def _looks(self, is_done):
        if self._controller.poll() is not None:
            raise RuntimeError(f"the controller ended: {self._log_text()}")
        time.sleep(0.5)
        status = self.prepull().get("status")
        return bool(status) and is_done(status)

    def _log_text(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-1000:]

    def _ask(self, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}", data=body,
            headers={"Content-Type": "application/json"})
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)
