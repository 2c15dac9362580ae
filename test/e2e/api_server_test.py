#!/usr/bin/env python3
"""What a real API server makes of `prepull manifest controller`: its Prepulls,
what the controller's account may do and what it may not.

Skipped unless PREPULL_TEST_KUBECONFIG names the kubeconfig of a cluster's
administrator and kubectl is there. It works in a namespace of its own and
deletes what it has made, but for a CRD that was there before.
"""

import copy
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_BINARY = os.environ["PREPULL_BINARY"]
_KUBECONFIG = os.environ.get("PREPULL_TEST_KUBECONFIG")
_SKIPPED = 77

_SPACE = f"prepull-test-{os.getpid()}"
_ACCOUNT = f"system:serviceaccount:{_SPACE}:prepull-controller"
_CRD = "crd/prepulls.prepull.dev"
_IMAGES = {"images": ["quay.io/team/app:1.2"]}

# Specs that are taken, besides _IMAGES.
GOOD = [
    {"concurrency": "10"}, {"concurrency": 10}, {"concurrency": "10%"},
    {"nodeNames": ["w1"], "labelSelector": {}},
    {"nodeNames": ["w1"], "labelSelector": {"matchLabels": {}}},
    {"nodeNames": [], "labelSelector": {"matchLabels": {"a": "b"}}},
    {"labelSelector": {"matchExpressions": [
        {"key": "a", "operator": "Exists"},
        {"key": "b", "operator": "In", "values": ["c"]}]}},
    {"waves": ["1", "10%", "100%"]},
    {"failureTolerate": "0"}, {"failureTolerate": ".5"},
    {"failureTolerate": "1.0"},
    {"refreshInterval": "0"}, {"refreshInterval": "1h30m"},
    {"ttlSecondsAfterFinished": None}, {"ttlSecondsAfterFinished": 0},
    {"spaceRequired": ""}, {"spaceRequired": "35Gi"},
    {"spaceRequired": "1.5 TB"},
    {"overrides": [{"labelSelector": {"matchLabels": {"region": "x"}},
                    "images": [{"component": "Registry", "value": "x.io",
                                "operator": "replace"},
                               {"component": "Tag", "operator": "remove"}],
                    "secrets": [{"component": "SecretName", "value": "-x",
                                 "operator": "add"}]}]},
    {"images": [], "sources": [
        {"select": "a/b rubin releases=1"},
        {"release": "quay.io/a@sha256:1", "exclude": ['^"aws']},
        {"catalog": {"image": "a", "packages": ["p:stable"]}},
        {"precacheSpec": "x"}]},
    {"mode": "Check", "checkItems": ["disk", "cpu", "mem"], "suspend": True,
     "pin": True, "imageSecrets": ["a", "b.c"], "priorityClassName": ""},
    {"images": ["a:1\tpin=true"]},
    {"images": [f"image-{i}" for i in range(5000)]},
    {"nodeNames": [f"w{i}.example" for i in range(5000)]},
]

# What is refused, and a word of why.
BAD = [
    ({"images": []}, "which images?"),
    ({"images": [""]}, "at least 1"),
    ({"images": ["a\nb"]}, "should match"),
    ({"images": ["a\x00"]}, "should match"),
    ({"images": ["x" * 4097]}, "Too long"),
    ({"images": [f"image-{i}" for i in range(5001)]}, "at most 5000"),
    ({"concurrency": 0}, "greater than"),
    ({"concurrency": "0%"}, "should match"),
    ({"concurrency": "101%"}, "should match"),
    ({"concurrency": 1.5}, "spec.concurrency"),
    ({"concurrency": True}, "spec.concurrency"),
    ({"nodeNames": ["a"], "labelSelector": {"matchLabels": {"a": "b"}}},
     "not both"),
    ({"nodeNames": ["a"], "labelSelector": {"matchExpressions": [
        {"key": "a", "operator": "Exists"}]}}, "not both"),
    ({"nodeNames": ["a", "a"]}, "Duplicate"),
    ({"nodeNames": ["../a"]}, "should match"),
    ({"mode": "Keep"}, "Unsupported value"),
    ({"waves": ["0"]}, "should match"), ({"waves": [1]}, "spec.waves"),
    ({"failureTolerate": "1.1"}, "should match"),
    ({"failureTolerate": "-0.1"}, "should match"),
    ({"failureTolerate": 0.1}, "spec.failureTolerate"),
    ({"refreshInterval": "10s"}, "1m and more"),
    ({"refreshInterval": "-1m"}, "should match"),
    ({"timeoutSeconds": 0}, "greater than"),
    ({"retryTimes": -1}, "greater than"),
    ({"checkItems": ["gpu"]}, "Unsupported value"),
    ({"spaceRequired": "35"}, "should match"),
    ({"spaceRequired": "35GiB --x"}, "should match"),
    ({"imagePullPolicy": "Never"}, "Unsupported value"),
    ({"imageSecrets": ["../x"]}, "should match"),
    ({"ttlSecondsAfterFinished": -1}, "greater than"),
    ({"overrides": [{}]}, "Required value"),
    ({"overrides": [{"labelSelector": {}, "images": [
        {"component": "Registry", "operator": "replace"}]}]}, "need a value"),
    ({"labelSelector": {"matchExpressions": [
        {"key": "a", "operator": "In"}]}}, "In and NotIn need values"),
    ({"labelSelector": {"matchExpressions": [
        {"key": "a", "operator": "Exists", "values": ["x"]}]}},
     "In and NotIn need values"),
    ({"sources": [{}]}, "exactly one"),
    ({"sources": [{"select": "a", "release": "b"}]}, "exactly one"),
    ({"sources": [{"select": "a", "exclude": ["b"]}]}, "only valid with"),
    # There is no way to ask for these.
    ({"args": ["--pin"]}, "unknown field"),
    ({"hostPath": "/"}, "unknown field"),
    ({"image": "evil:1"}, "unknown field"),
    ({"serviceAccountName": "x"}, "unknown field"),
]


def kubectl(*words, given=None):
    return subprocess.run(
        ["kubectl", "--kubeconfig", _KUBECONFIG, *words], check=False,
        input=given if given is None or isinstance(given, str)
        else json.dumps(given), text=True, capture_output=True, timeout=120)


@functools.cache
def manifest(*more):
    return subprocess.run(
        [_BINARY, "manifest", "controller", "--namespace", _SPACE,
         "--create-namespace", "--image", "registry.example/prepull:1",
         "--allowed-image-secrets", "team-a,team-b", "--storage-dir",
         "/var/lib/containerd", *more],
        check=True, text=True, capture_output=True, timeout=60).stdout


def prepull(spec, name="x"):
    return {"apiVersion": "prepull.dev/v1alpha1", "kind": "Prepull",
            "metadata": {"name": name, "namespace": _SPACE}, "spec": spec}


def node_job(name="fetch-all"):
    text = (_ROOT / f"test/golden/node_job/{name}.json").read_text()
    job = json.loads(text)
    job["metadata"]["namespace"] = _SPACE
    return job


def config_map(labels):
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
            "metadata": {"name": "a-list", "namespace": _SPACE,
                         "labels": labels}}


def pod_of(job):
    return job["spec"]["template"]["spec"]


def container_of(job):
    return pod_of(job)["containers"][0]


def host_path(path):
    return {"name": "evil", "hostPath": {"path": path}}


def security_of(job):
    return container_of(job)["securityContext"]


def another_container(job, key="containers"):
    container = copy.deepcopy(container_of(job))
    container["name"] = "evil"
    pod_of(job).setdefault(key, []).append(container)


# What somebody with the controller's token might try, and a word of why not.
HOSTILE = {
    "another image": (lambda job: container_of(job).update(image="evil:1"),
                      "the image is not"),
    "a command": (lambda job: container_of(job).update(command=["/x"]),
                  "only fetch and check"),
    "another of prepull's commands":
        (lambda job: container_of(job).update(args=["unpin"]),
         "only fetch and check"),
    "no arguments": (lambda job: container_of(job).pop("args"),
                     "only fetch and check"),
    "another socket":
        (lambda job: container_of(job)["args"].append(
            "--cri-socket=/var/lib/containerd/x"), "only fetch and check"),
    "a provider's program":
        (lambda job: container_of(job)["args"].append(
            "--image-credential-provider-bin-dir=/x"), "only fetch and check"),
    "a variable that is a flag":
        (lambda job: container_of(job)["env"].append(
            {"name": "PREPULL_STATUS_FILE", "value": "/x"}),
         "only the variables"),
    "a variable from a Secret":
        (lambda job: container_of(job)["env"].append(
            {"name": "NODE_NAME", "valueFrom": {"secretKeyRef": {
                "name": "other", "key": "a"}}}), "only the variables"),
    "variables from a Secret":
        (lambda job: container_of(job).update(
            envFrom=[{"secretRef": {"name": "other"}}]),
         "only the variables"),
    "the host's root":
        (lambda job: pod_of(job)["volumes"].append(host_path("/")),
         "only ConfigMaps"),
    "a folder above the socket's":
        (lambda job: pod_of(job)["volumes"].append(host_path("/run")),
         "only ConfigMaps"),
    "a way out of the socket's folder":
        (lambda job: pod_of(job)["volumes"].append(
            host_path("/run/containerd/..")), ""),
    "another Secret":
        (lambda job: pod_of(job)["volumes"].append(
            {"name": "evil", "secret": {"secretName": "other"}}),
         "only ConfigMaps"),
    "a projected token":
        (lambda job: pod_of(job)["volumes"].append(
            {"name": "evil", "projected": {"sources": [
                {"serviceAccountToken": {"path": "token"}}]}}),
         "only ConfigMaps"),
    "a writable mount":
        (lambda job: container_of(job)["volumeMounts"][0].pop("readOnly"),
         "all mounts are read-only"),
    "the host's network": (lambda job: pod_of(job).update(hostNetwork=True),
                           "of the host"),
    "the host's processes": (lambda job: pod_of(job).update(hostPID=True),
                             "of the host"),
    "the host's IPC": (lambda job: pod_of(job).update(hostIPC=True),
                       "of the host"),
    "a privileged container":
        (lambda job: (security_of(job).update(privileged=True),
                      security_of(job).pop("allowPrivilegeEscalation")),
         "no privileges"),
    "a capability":
        (lambda job: security_of(job)["capabilities"].update(
            add=["SYS_ADMIN"]), "no privileges"),
    "a writable root":
        (lambda job: security_of(job).update(readOnlyRootFilesystem=False),
         "no privileges"),
    "no confinement": (lambda job: container_of(job).pop("securityContext"),
                       "no privileges"),
    "another SELinux type":
        (lambda job: security_of(job).update(
            seLinuxOptions={"type": "spc_t"}), "no privileges"),
    "no seccomp profile": (lambda job: pod_of(job).pop("securityContext"),
                           "the runtime's profiles"),
    "its own seccomp profile":
        (lambda job: security_of(job).update(
            seccompProfile={"type": "Unconfined"}), "no privileges"),
    "an init container":
        (lambda job: another_container(job, "initContainers"),
         "one container"),
    "a second container": (another_container, "one container"),
    "a hook":
        (lambda job: container_of(job).update(lifecycle={"postStart": {
            "exec": {"command": ["/prepull", "unpin"]}}}), "no probes"),
    "a probe":
        (lambda job: container_of(job).update(livenessProbe={
            "exec": {"command": ["/prepull", "unpin"]}}), "no probes"),
    "a port of the host":
        (lambda job: container_of(job).update(
            ports=[{"containerPort": 80, "hostPort": 80}]), "no probes"),
    "another account":
        (lambda job: pod_of(job).update(serviceAccountName="default"),
         "the account is"),
    "the account's token":
        (lambda job: pod_of(job).update(automountServiceAccountToken=True),
         "the account is"),
    "a Job of no Prepull":
        (lambda job: job["metadata"]["labels"].pop("prepull.dev/prepull"),
         "only Jobs of a Prepull"),
}

# All that the account may do: verbs by resource.
RIGHTS = {
    "prepulls.prepull.dev": {"get", "list", "watch", "delete"},
    "prepulls.prepull.dev/status": {"patch"},
    "jobs.batch": {"get", "list", "watch", "create", "delete"},
    "pods": {"get", "list", "watch"},
    "configmaps": {"get", "list", "watch", "create", "patch", "delete"},
    "events": {"create", "patch"},
    "secrets": set(), "serviceaccounts": set(), "serviceaccounts/token": set(),
    "pods/exec": set(), "pods/ephemeralcontainers": set(),
    "roles.rbac.authorization.k8s.io": set(),
    "deployments.apps": set(), "daemonsets.apps": set(),
}
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete",
         "deletecollection")


class ApiServerTest(unittest.TestCase):

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        had_crd = kubectl("get", _CRD).returncode == 0
        applied = cls.apply()
        cls.addClassCleanup(cls.uninstall, had_crd)
        if applied.returncode != 0:
            raise RuntimeError(applied.stderr)
        kubectl("wait", "--for=condition=Established", _CRD, "--timeout=60s")
        for _ in range(600):
            if cls.refuses_the_worst():
                return
        raise RuntimeError("the policy is not in force")

    @staticmethod
    def apply():
        return kubectl("apply", "--server-side", "--validate=strict", "-f",
                       "-", given=manifest())

    @staticmethod
    def uninstall(keeps_crd):
        documents = manifest().split("---\n")
        kubectl("delete", "--ignore-not-found", "--wait", "-f", "-",
                given="---\n".join(
                    each for each in documents if not keeps_crd or
                    "kind: CustomResourceDefinition" not in each))

    @classmethod
    def refuses_the_worst(cls):
        """A new policy is in force a moment later."""
        job = node_job()
        pod_of(job)["volumes"].append(host_path("/"))
        configured = config_map({})
        return (cls.as_controller(job).returncode != 0 and
                cls.as_controller(configured).returncode != 0)

    @staticmethod
    def as_controller(thing, *words):
        return kubectl("--as", _ACCOUNT, *(words or (
            "create", "--dry-run=server", "--validate=strict")),
            "-f", "-", given=thing)

    def test_takes_what_a_prepull_may_say(self):
        for more in [{}, *GOOD]:
            with self.subTest(str(more)[:80]):
                made = kubectl("create", "--dry-run=server", "-f", "-",
                               "--validate=strict",
                               given=prepull({**_IMAGES, **more}))
                self.assertEqual(made.returncode, 0, made.stderr[:500])

    def test_refuses_what_makes_no_sense(self):
        for more, why in BAD:
            with self.subTest(str(more)[:80]):
                made = kubectl("create", "--dry-run=server", "-f", "-",
                               "--validate=strict",
                               given=prepull({**_IMAGES, **more}))
                self.assertNotEqual(made.returncode, 0)
                self.assertIn(why, made.stderr)

    def test_names_have_room_for_those_of_jobs(self):
        for name, is_good in (("a" * 40, True), ("a" * 41, False),
                              ("a.b", False)):
            made = kubectl("create", "--dry-run=server", "-f", "-",
                           given=prepull(_IMAGES, name))
            self.assertEqual(made.returncode == 0, is_good, made.stderr)

    def test_defaults_are_those_of_the_documentation(self):
        made = kubectl("create", "--dry-run=server", "-o", "json", "-f", "-",
                       given=prepull(_IMAGES))
        self.assertEqual(json.loads(made.stdout)["spec"], {
            **_IMAGES, "concurrency": 10, "failureTolerate": "0.1",
            "imagePullPolicy": "IfNotPresent", "includeCordoned": True,
            "mode": "Once", "pin": False, "refreshInterval": "0s",
            "retryTimes": 2, "suspend": False, "timeoutSeconds": 1800})

    def test_the_sample_is_good(self):
        sample = (_ROOT / "manifests/prepull.yaml").read_text()
        made = kubectl("create", "--dry-run=server", "--validate=strict",
                       "-f", "-", given=sample.replace("namespace: prepull",
                                                       f"namespace: {_SPACE}"))
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_explains_itself(self):
        for field in ("spec.waves", "spec.overrides.images.operator",
                      "status.failedNodes.since"):
            told = kubectl("explain", f"prepulls.{field}")
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertNotIn("<no description>", told.stdout)
        spec = kubectl("explain", "pp.spec", "--recursive").stdout
        self.assertIn("concurrency", spec)

    def test_can_be_waited_for_and_seen(self):
        name = "waited-for"
        kubectl("create", "-f", "-", given=prepull(_IMAGES, name))
        self.addCleanup(kubectl, "delete", "-n", _SPACE, "pp", name)
        status = {"phase": "Succeeded", "list": {"images": 50},
                  "nodes": {"total": 9, "succeeded": 7, "failed": 2,
                            "active": 0},
                  "conditions": [{
                      "type": "Finished", "status": "True", "reason": "Done",
                      "message": "all", "observedGeneration": 1,
                      "lastTransitionTime": "2026-09-21T14:13:20Z"}]}
        patched = kubectl(
            "--as", _ACCOUNT, "apply", "--server-side", "--subresource=status",
            "--field-manager=prepull", "-f", "-",
            given={**prepull({}, name), "status": status, "spec": None})
        self.assertEqual(patched.returncode, 0, patched.stderr)

        waited = kubectl("wait", "-n", _SPACE, "--for=condition=Finished",
                         f"prepull/{name}", "--timeout=30s")
        seen = kubectl("get", "-n", _SPACE, "pp").stdout.splitlines()

        self.assertEqual(waited.returncode, 0, waited.stderr)
        self.assertEqual(seen[0].split(), ["NAME", "NODES", "DONE", "FAILED",
                                           "ACTIVE", "IMAGES", "PHASE", "AGE"])
        self.assertEqual(seen[1].split()[:-1],
                         [name, "9", "7", "2", "0", "50", "Succeeded"])

    def test_takes_the_jobs_that_the_controller_makes(self):
        for name in ("fetch", "fetch-all", "check-all"):
            with self.subTest(name):
                made = self.as_controller(node_job(name))
                self.assertEqual(made.returncode, 0, made.stderr)

    def test_refuses_what_it_should_never_make(self):
        for what, (mischief, why) in HOSTILE.items():
            with self.subTest(what):
                job = node_job()
                mischief(job)
                made = self.as_controller(job)
                self.assertNotEqual(made.returncode, 0)
                self.assertIn(why, made.stderr)
                if why:
                    self.assertIn("ValidatingAdmissionPolicy", made.stderr)

    def test_says_nothing_of_others(self):
        job = node_job()
        container_of(job)["image"] = "other:1"
        made = kubectl("create", "--dry-run=server", "-f", "-", given=job)
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_writes_config_maps_of_prepulls_only(self):
        ours = {"prepull.dev/prepull": "app"}
        made = self.as_controller(config_map(ours))
        foreign = self.as_controller(config_map({}))
        patched = kubectl("--as", _ACCOUNT, "patch", "-n", _SPACE,
                          "configmap", "kube-root-ca.crt", "--dry-run=server",
                          "-p", json.dumps({"metadata": {"labels": ours}}))
        deleted = kubectl("--as", _ACCOUNT, "delete", "-n", _SPACE,
                          "configmap", "kube-root-ca.crt", "--dry-run=server")

        self.assertEqual(made.returncode, 0, made.stderr)
        for refused in (foreign, patched, deleted):
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("it belongs to no Prepull", refused.stderr)

    def test_deletes_jobs_of_prepulls_only(self):
        job = node_job()
        job["spec"]["suspend"] = True
        for name, labels in (("ours", job["metadata"]["labels"]),
                             # One without labels has its template's.
                             ("foreign", {"app": "other"})):
            job["metadata"].update(name=name, labels=labels)
            job["metadata"].pop("ownerReferences", None)
            made = kubectl("create", "-f", "-", given=job)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.addCleanup(kubectl, "delete", "-n", _SPACE, "job", name,
                            "--ignore-not-found")

        ours, foreign = (
            kubectl("--as", _ACCOUNT, "delete", "-n", _SPACE, "job", name)
            for name in ("ours", "foreign"))

        self.assertEqual(ours.returncode, 0, ours.stderr)
        self.assertNotEqual(foreign.returncode, 0)
        self.assertIn("it belongs to no Prepull", foreign.stderr)

    def test_may_do_no_more_than_it_needs(self):
        expected = {}
        for verb in VERBS:
            for resource, rights in RIGHTS.items():
                expected[verb, resource, _SPACE] = verb in rights
                expected[verb, resource, "kube-system"] = False
                expected[verb, resource, ""] = False
            expected[verb, "nodes", ""] = verb in {"get", "list", "watch"}

        reviews = kubectl(
            "create", "-o", "jsonpath={.status.allowed} ", "-f", "-",
            given={"apiVersion": "v1", "kind": "List",
                   "items": [self.review(*each) for each in expected]})

        answers = [each == "true" for each in reviews.stdout.split()]
        self.assertEqual(dict(zip(expected, answers, strict=True)), expected)

    @staticmethod
    def review(verb, resource, name_space):
        resource, _, subresource = resource.partition("/")
        name, _, group = resource.partition(".")
        return {"apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {"resourceAttributes": {
                             "verb": verb, "group": group, "resource": name,
                             "subresource": subresource,
                             "namespace": name_space},
                         "user": _ACCOUNT,
                         "groups": ["system:authenticated",
                                    "system:serviceaccounts",
                                    f"system:serviceaccounts:{_SPACE}"]}}

    def test_can_be_applied_again(self):
        again = self.apply()
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_pods_of_nodes_can_do_nothing(self):
        made = kubectl("auth", "can-i", "--list", "-n", _SPACE, "--as",
                       f"system:serviceaccount:{_SPACE}:prepull-node")
        other = kubectl("auth", "can-i", "--list", "-n", _SPACE, "--as",
                        f"system:serviceaccount:{_SPACE}:default")
        self.assertEqual(made.stdout, other.stdout)


if __name__ == "__main__":
    if not _KUBECONFIG or not shutil.which("kubectl"):
        print("skipped: PREPULL_TEST_KUBECONFIG and kubectl are not there")
        sys.exit(_SKIPPED)
    unittest.main()
