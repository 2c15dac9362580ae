#!/usr/bin/env python3
"""Checks what `prepull manifest` prints: by golden files, by what a strict API
server would say, and by running fetch with the arguments that it prints.

No cluster, no network. UPDATE_GOLDEN=1 writes test/golden/manifest and
manifests anew.
"""

import copy
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.dont_write_bytecode = True
_TEST = pathlib.Path(__file__).resolve().parent.parent
_ROOT = _TEST.parent
sys.path.insert(0, str(_TEST / "support"))

from kubernetes import strict  # noqa: E402
from lab.fake_cri import start_fake_cri  # noqa: E402

_BINARY = os.environ["PREPULL_BINARY"]
_LIST = "test/golden/manifest/images.txt"

# For `kubectl apply -f`: manifests/NAME.yaml.
READY = {
    "daemonset": "daemonset prepull-images --namespace prepull "
                 "--create-namespace",
    "daemonset-openshift": "daemonset prepull-images --namespace prepull "
                           "--create-namespace --flavor openshift",
    "job-openshift": "job prepull-images --namespace prepull "
                     "--create-namespace --flavor openshift",
}

# Every flavour and option: test/golden/manifest/NAME.yaml.
GOLDEN = {
    "daemonset-defaults": "daemonset my-images",
    "daemonset-fetch-options":
        "daemonset my-images --secret pull-secret --status-dir "
        "/var/lib/prepull --pin --concurrency 4 --overall-timeout 1h30m "
        "--cri-socket /run/k3s/containerd/containerd.sock "
        "--image registry.example:5000/prepull@sha256:" + "a" * 64,
    "daemonset-node-label": "daemonset my-images --node-label auto",
    "daemonset-openshift-folders":
        "daemonset my-images --flavor openshift --status-dir /var/lib/prepull "
        "--storage-dir /var/lib/containers -- --space-required=20GiB",
    "daemonset-passed-flags":
        "daemonset my-images -- --failure-tolerance 10% "
        "--best-effort --registry-concurrency=4 --pull-policy=Always "
        "--stall-timeout=10s --max-attempts=5 --log-format=json "
        "--max-pull-attempt-timeout=10m --rewrite=quay.io=mirror.example/quay",
    "daemonset-marked":
        "daemonset my-images --label team=db --annotation "
        "linkerd.io/inject=enabled --annotation example.com/note=a:b=c "
        "--owner Deployment/app/0f6c1b2a-9d00-4b1c-8f00-000000000001 "
        "--env HTTPS_PROXY=http://proxy.example:3128 --env X=$(HOME) "
        "--flavor openshift --create-namespace --namespace prepull",
    "daemonset-paced":
        "daemonset my-images --max-nodes 10 --start-jitter 5m --deadline "
        "2026-12-24T04:00:00Z",
    "daemonset-placement":
        "daemonset my-images --node-selector disk=ssd --node-selector "
        "node-role.kubernetes.io/worker= --toleration dedicated=db:NoSchedule "
        "--toleration old:NoExecute --toleration any --priority-class "
        "system-node-critical --requests cpu=50m,memory=32Mi --limits "
        "cpu=1,memory=256Mi",
    "daemonset-tolerates-nothing":
        "daemonset my-images --toleration none --requests cpu=none "
        "--limits memory=none",
    "daemonset-nice":
        "daemonset my-images --nice -5 --ionice-class realtime "
        "--ionice-priority 0 --flavor openshift",
    "daemonset-watch-connections":
        "daemonset my-images --watch-connections",
    "job-defaults": "job my-images",
    "job-options":
        "job my-images --deadline 4h --overall-timeout 1h --backoff-limit 5 "
        "--ttl 1h --toleration all --nice 19 --ionice-class idle "
        "--status-dir /var/lib/prepull",
    "job-node-label":
        "job my-images --node-label images.example/ready=yes,no,later "
        "--flavor openshift",
    "job-openshift":
        "job my-images --flavor openshift --namespace precache "
        "--create-namespace --secret pull-secret --priority-class "
        "system-node-critical",
    "job-watch-connections":
        "job my-images --flavor openshift --watch-connections --nice -5",
    "hub-defaults": "hub my-images --placement spokes",
    "hub-options":
        "hub pre-cache --placement ztp-group --hub-namespace ztp "
        "--max-concurrency 10% --max-failures 5% --progress-deadline 5h "
        "--deadline 4h --overall-timeout 3h --backoff-limit 0 "
        "--flavor openshift --namespace precache --create-namespace "
        "--label team=ran",
    "job-once": "job my-images --backoff-limit 0 --concurrency auto",
    "job-result":
        "job my-images --result-configmap my-result --result-every 1m "
        "--owner ClusterGroupUpgrade.v1alpha1.ran.openshift.io/up/5d",
    "job-talm": "job pre-cache --for talm --flavor openshift",
    "job-talm-node-label":
        "job pre-cache --for talm --deadline 2h --node-label auto "
        "--result-configmap r --start-jitter 1m",
}


# Jobs that clean up, of no list.
CLEAN = {
    "job-clean": "job my-images --clean --status-dir /var/lib/prepull",
    "job-clean-openshift":
        "job my-images --clean --status-dir /var/lib/prepull --flavor "
        "openshift --namespace prepull --node-selector "
        "kubernetes.io/hostname=worker-1",
    "job-clean-unpin":
        "job my-images --clean --unpin --status-dir /var/lib/prepull "
        "--cri-socket /run/k3s/containerd/containerd.sock",
}


# The controller, of no list: controller_manifest_test.py.
CONTROLLER = {
    "controller": "controller --namespace prepull --create-namespace",
    "controller-openshift":
        "controller --namespace prepull --create-namespace --flavor openshift "
        "--allowed-image-secrets team-a",
    "controller-options":
        "controller --namespace images --image "
        "registry.example:5000/prepull@sha256:" + "a" * 64 + " --cri-socket "
        "/run/k3s/containerd/containerd.sock --storage-dir "
        "/var/lib/rancher/k3s --allowed-image-secrets team-a,team-b "
        "--secret sources --label team=infra --annotation a.example/b=c "
        "--env HTTPS_PROXY=http://proxy.example:3128",
}


def run(words, **more):
    """prepull with nothing of ours in its environment."""
    return subprocess.run([_BINARY, *words], cwd=_ROOT, text=True, timeout=60,
                          capture_output=True, check=False,
                          env={"PATH": os.environ["PATH"]}, **more)


def manifest(words, images=_LIST):
    """Without `images` there is no list."""
    from_list = ["--images-from", images] if images else []
    return run(["manifest", *from_list, *words.split()])


def objects_of(text):
    """All objects; those of a hub's work are what it brings to a cluster."""
    objects = list(yaml.safe_load_all(text))
    if objects[0]["kind"] != "ManifestWorkReplicaSet":
        return objects
    template = objects[0]["spec"]["manifestWorkTemplate"]
    return template["workload"]["manifests"]


def of_kind(objects, kind):
    return next(each for each in objects if each["kind"] == kind)


def workload(objects):
    return objects[-1]


def pod_of(objects):
    return workload(objects)["spec"]["template"]["spec"]


def fetch_container(objects):
    pod = pod_of(objects)
    return pod.get("initContainers", pod["containers"])[0]


class GoldenTest(unittest.TestCase):

    maxDiff = None

    def hold_against(self, path, words, images):
        now = manifest(words, images)
        self.assertEqual(now.returncode, 0, now.stderr)
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_text(now.stdout)
        self.assertEqual(now.stdout, path.read_text())
        self.assertEqual(
            strict.complaints(list(yaml.safe_load_all(now.stdout))), [])

    def test_each_flavour_and_option(self):
        for name, words in GOLDEN.items():
            with self.subTest(name):
                self.hold_against(_TEST / f"golden/manifest/{name}.yaml",
                                  words, _LIST)

    def test_what_cleans_up(self):
        for name, words in CLEAN.items():
            with self.subTest(name):
                self.hold_against(_TEST / f"golden/manifest/{name}.yaml",
                                  words, None)

    def test_what_is_ready_to_apply(self):
        for name, words in READY.items():
            with self.subTest(name):
                self.hold_against(_ROOT / f"manifests/{name}.yaml", words,
                                  "manifests/images.txt")

    def test_nothing_lies_about_that_is_not_held(self):
        self.assertEqual({path.stem for path in
                          (_TEST / "golden/manifest").glob("*.yaml")},
                         {*GOLDEN, *CLEAN, *CONTROLLER})
        self.assertEqual({path.stem for path in
                          (_ROOT / "manifests").glob("*.yaml")},
                         {*READY, "crd", "prepull"})

    def test_every_flag_is_in_some_golden_file(self):
        words = run(["manifest", "--help"]).stdout.split()
        flags = {word.strip(";.,:").split("=")[0] for word in words
                 if word.startswith("--")}
        given = {word.split("=")[0] for words in
                 [*GOLDEN.values(), *CLEAN.values(), *READY.values(),
                  *CONTROLLER.values()] for word in words.split()}
        self.assertEqual(
            flags - given - {"--images-from", "--log-level", "--quiet",
                             "--log-format", "--verbose",
                             # of fetch, in the texts
                             "--image-list-file", "--"}, set())


class ValidatorTest(unittest.TestCase):
    """That the judge is one: it refuses what a strict server refuses."""

    def setUp(self):
        text = manifest(GOLDEN["job-openshift"]).stdout
        self.objects = objects_of(text)

    def test_refuses_unknown_fields_and_wrong_values(self):
        spoil = {
            "capabilites: unknown field":
                lambda all: fetch_container(all)["securityContext"].update(
                    capabilites={}),
            "podFailurePolicy/rules/0/action: enum":
                lambda all: workload(all)["spec"]["podFailurePolicy"]["rules"]
                [0].update(action="Fail"),
            "spec/backoffLimit: type":
                lambda all: workload(all)["spec"].update(backoffLimit="2"),
            "needs restartPolicy Never":
                lambda all: pod_of(all).update(restartPolicy="OnFailure"),
            "unknown field allowEverything":
                lambda all: of_kind(all, "SecurityContextConstraints").update(
                    allowEverything=True),
            "but mounted are":
                lambda all: pod_of(all)["volumes"].pop(),
            "hostPath/typ: unknown field":
                lambda all: pod_of(all)["volumes"][0]["hostPath"].update(
                    typ="File"),
        }
        for complaint, mischief in spoil.items():
            with self.subTest(complaint):
                spoilt = copy.deepcopy(self.objects)
                mischief(spoilt)
                self.assertIn(complaint, "\n".join(strict.complaints(spoilt)))


class ContentTest(unittest.TestCase):

    def test_the_list_is_held_in_its_normal_form(self):
        for text, held in (
                ("quay.io/a:1", "quay.io/a:1\n"),
                ("\ufeff\n\n\tbusybox\tpin=true\r\n",
                 "docker.io/library/busybox:latest pin=true\n"),
                ("# x\nquay.io/a:1\n \t\nquay.io/b:2 # \u65e5 {}\n",
                 "quay.io/a:1\nquay.io/b:2\n"),
                ("quay.io/a:1\nquay.io/a:1 policy=Always\n",
                 "quay.io/a:1 policy=Always\n"),
                # Lines that are no images fail on the node, by their texts.
                ("- quay.io/a:1\n---\n...\nquay.io/b:2 pin=maybe\n",
                 "-\n---\n...\nquay.io/b:2 pin=maybe\n"),
                ("& * ! | > ' \" %: {}\n", "&\n")):
            with self.subTest(text):
                objects = objects_of(self.print_job(text))
                listed = of_kind(objects, "ConfigMap")
                digest = hashlib.sha256(held.encode()).hexdigest()
                self.assertEqual(listed["data"], {"images.txt": held})
                self.assertEqual(listed["metadata"]["name"],
                                 f"x-{digest[:16]}")
                self.assertIs(listed["immutable"], True)

    def test_another_list_makes_other_pods_and_the_same_one_does_not(self):
        def template(text):
            return workload(objects_of(self.print_job(text)))["spec"]

        self.assertEqual(template("quay.io/a:1"), template("quay.io/a:1 # x"))
        self.assertNotEqual(template("quay.io/a:1"), template("quay.io/a:2"))

    def print_job(self, text):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return manifest("job x -q", file.name).stdout

    def test_a_secret_that_a_line_names_is_mounted_under_its_name(self):
        printed = run(["manifest", "job", "x", "--images-from", "-"],
                      input="quay.io/a:1 secret=db\nquay.io/b:1 secret=db\n")
        objects = objects_of(printed.stdout)
        self.assertEqual(
            [volume["secret"]["secretName"] for volume in
             pod_of(objects)["volumes"] if "secret" in volume], ["db"])
        mounts = fetch_container(objects)["volumeMounts"]
        self.assertIn("/etc/prepull/secrets/db",
                      [mount["mountPath"] for mount in mounts])
        self.assertEqual(strict.complaints(objects), [])

    def test_what_asks_the_api_server_brings_a_token_and_no_right_more(self):
        folder = "/var/run/secrets/kubernetes.io/serviceaccount"
        for name, words in {**GOLDEN, **READY}.items():
            with self.subTest(name):
                objects = objects_of(manifest(words).stdout)
                pod = pod_of(objects)
                fetch = fetch_container(objects)
                others = [each for each in pod["containers"] if each != fetch]
                roles = [each["rules"] for each in objects
                         if each["kind"] == "ClusterRole"]
                labels = "--node-label" in words
                self.assertEqual(
                    roles, [[{"apiGroups": [""], "resources": ["nodes"],
                              "verbs": ["patch"]}]] if labels else [])
                results = [rule for each in objects if each["kind"] == "Role"
                           for rule in each["rules"]
                           if rule["apiGroups"] == [""]]
                writes = ("--result-configmap" in words or
                          "talm" in words or words.startswith("hub"))
                self.assertEqual(
                    [(rule["resources"], rule["verbs"],
                      len(rule["resourceNames"])) for rule in results],
                    [(["configmaps"], ["patch"], 1)] if writes else [])
                self.assertEqual(
                    folder in [each["mountPath"]
                               for each in fetch["volumeMounts"]],
                    labels or writes)
                for container in others:
                    self.assertNotIn("token", [
                        each["name"] for each in container["volumeMounts"]])

    def test_names_of_the_whole_cluster_are_of_one_deployment_only(self):
        def names(words):
            objects = objects_of(manifest(
                f"job {words} --flavor openshift --node-label auto").stdout)
            return {each["metadata"]["name"] for each in objects
                    if "namespace" not in each["metadata"]}

        self.assertEqual(len(names("b --namespace a")), 1)
        self.assertFalse(names("b-c --namespace a") &
                         names("c --namespace a-b"))

    def test_a_job_ends_behind_its_pods_but_talms_before_them(self):
        for name, words in {**GOLDEN, **READY}.items():
            job = workload(objects_of(manifest(words).stdout))
            if job["kind"] != "Job":
                continue
            with self.subTest(name):
                ends = job["spec"]["activeDeadlineSeconds"]
                pod = job["spec"]["template"]["spec"]
                pod_ends = pod["activeDeadlineSeconds"]
                is_talm = "--for talm" in words
                self.assertEqual(ends < pod_ends, is_talm)
                self.assertEqual("podFailurePolicy" in job["spec"],
                                 not is_talm)
                self.assertEqual(
                    pod.get("terminationGracePeriodSeconds"),
                    5 if is_talm else None)
                if is_talm:
                    self.assertEqual(job["spec"]["backoffLimit"], 0)

    def test_a_hub_makes_another_job_for_another_list(self):
        for changed in ("quay.io/a:1", "quay.io/a:2"):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(changed)
                file.flush()
                printed = manifest("hub x --placement p", file.name).stdout
            work = yaml.safe_load(printed)["spec"]["manifestWorkTemplate"]
            job = workload(objects_of(printed))["metadata"]["name"]
            configs = {each["resourceIdentifier"]["resource"]:
                       (each["resourceIdentifier"]["name"],
                        each["updateStrategy"]["type"])
                       for each in work["manifestConfigs"]}
            self.assertEqual(configs, {"jobs": (job, "CreateOnly"),
                                       "configmaps": ("x-result",
                                                      "CreateOnly")})
            digest = hashlib.sha256((changed + "\n").encode()).hexdigest()
            self.assertEqual(job, f"x-{digest[:16]}")
            self.assertNotIn("ttlSecondsAfterFinished", str(work))

    def test_what_belongs_to_the_cluster_has_no_owner(self):
        for each in objects_of(manifest(GOLDEN["daemonset-marked"]).stdout):
            with self.subTest(each["kind"]):
                metadata = each["metadata"]
                self.assertEqual("ownerReferences" in metadata,
                                 "namespace" in metadata)

    def test_says_what_contradicts_itself(self):
        for words, why in (
                ("job x --max-nodes 3", "only valid for a daemonset"),
                ("daemonset x --for talm", "only valid for a job"),
                ("job x --for talm --backoff-limit 2",
                 "--backoff-limit: TALM takes a Job between two pods"),
                ("job x --for talm --overall-timeout 1h", "give --deadline"),
                ("job x --result-every 1m",
                 "only valid with --result-configmap"),
                ("job x --max-nodes 0", "expected a number from 1"),
                ("job x --max-nodes 101%", "expected a number from 1"),
                ("job x --owner Widget/a/b", "KIND.VERSION.GROUP/NAME/UID"),
                ("job x --owner Pod/a", "expected KIND/NAME/UID"),
                ("job x --env 1X=2", "expected a name"),
                ("job x --env NODE_NAME=a", "--env NODE_NAME: manifest sets"),
                ("job x --label app.kubernetes.io/name=a",
                 "manifest or Kubernetes sets it"),
                ("job x --label job-name=a", "manifest or Kubernetes"),
                ("job x --env ..a=1", "expected a name"),
                ("job x --env PREPULL_RETRIES=1", "no flag of fetch"),
                ("job x --env PREPULL_STALL_TIMEOUT=soon", "--stall-timeout"),
                ("job x --env PREPULL_STATUS_FILE=/a", "does not have"),
                ("job x --env PREPULL_CONCURRENCY=1", "flag of manifest"),
                ("job x --result-configmap kube-root-ca.crt", "Kubernetes"),
                ("job x --owner Foo..g/a/b", "expected KIND"),
                ("job x --owner Pod/A_/b", "expected KIND"),
                ("daemonset x --deadline 2h", "only valid for a job"),
                ("job x --annotation a", "expected KEY=VALUE"),
                ("hub x", "Give the name of a Placement: --placement"),
                ("hub x --placement p --ttl 1h", "--ttl: a hub would make"),
                ("hub x --placement p --max-nodes 3", "for a daemonset"),
                ("job x --max-failures 3", "only valid for a hub"),
                ("hub x --placement p --max-failures 3.5", "expected a num"),
                ("job x --env A=1 --env A=2", "\"A\": given twice")):
            with self.subTest(words):
                refused = manifest(words)
                self.assertEqual(refused.returncode, 2)
                self.assertIn(why, refused.stderr)

    def test_privileges_are_as_small_as_they_can_be(self):
        for name, words in {**GOLDEN, **READY}.items():
            with self.subTest(name):
                objects = objects_of(manifest(words).stdout)
                pod = pod_of(objects)
                self.assertIs(pod["automountServiceAccountToken"], False)
                self.assertIs(pod["enableServiceLinks"], False)
                watches = "--watch-connections" in words
                self.assertFalse({"hostNetwork", "hostIPC"} & pod.keys())
                self.assertEqual("hostPID" in pod, watches)
                fetch = fetch_container(objects)["securityContext"]
                self.assertEqual(
                    "SYS_PTRACE" in fetch["capabilities"].get("add", []),
                    watches)
                self.assertEqual("appArmorProfile" in fetch, watches)
                self.assertEqual(
                    pod["securityContext"]["seccompProfile"]["type"],
                    "RuntimeDefault")
                for container in (pod.get("initContainers", []) +
                                  pod["containers"]):
                    security = container["securityContext"]
                    self.assertIs(security["readOnlyRootFilesystem"], True)
                    self.assertIs(security["allowPrivilegeEscalation"], False)
                    self.assertEqual(security["capabilities"]["drop"], ["ALL"])
                    self.assertNotIn("privileged", security)


class CleanUpTest(unittest.TestCase):
    """The Job that removes a status file: it may do that and no more."""

    def test_sees_the_status_file_and_only_to_unpin_the_runtime(self):
        for name, words in CLEAN.items():
            with self.subTest(name):
                objects = objects_of(manifest(words, None).stdout)
                pod = pod_of(objects)
                mounts = {
                    container["name"]: {
                        mount["mountPath"]: mount.get("readOnly", False)
                        for mount in container["volumeMounts"]}
                    for container in (*pod.get("initContainers", []),
                                      *pod["containers"])}
                expected = {"clean": {"/var/lib/prepull": False}}
                if "--unpin" in words:
                    expected["unpin"] = {"/run/k3s/containerd": True,
                                         "/var/lib/prepull": True}
                self.assertEqual(mounts, expected)
                self.assertNotIn("ConfigMap",
                                 [each["kind"] for each in objects])
                self.assertFalse({"hostPID", "hostNetwork"} & pod.keys())
                for container in (*pod.get("initContainers", []),
                                  *pod["containers"]):
                    security = container["securityContext"]
                    self.assertEqual(security["capabilities"],
                                     {"drop": ["ALL"]})
                    self.assertIs(security["readOnlyRootFilesystem"], True)

    def test_removes_the_file_and_can_be_run_again(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "my-images.json")
        file.write_text('{"total":1,"pulled":1,"failed":0,"failed_pulls":null}')
        (container,) = pod_of(objects_of(manifest(
            CLEAN["job-clean"], None).stdout))["containers"]
        words = [word.replace("/var/lib/prepull", folder)
                 for word in container["args"]]

        first, second = run(words), run(words)

        self.assertEqual((first.returncode, first.stdout),
                         (0, f"removed {file}\n"))
        self.assertEqual((second.returncode, second.stdout),
                         (0, f"no file {file}\n"))
        self.assertEqual(list(pathlib.Path(folder).iterdir()), [])

    def test_says_what_contradicts_itself(self):
        for words, why in (
                ("job x --clean", "give the folder of the status file"),
                ("daemonset x --clean --status-dir /a", "only valid for a job"),
                ("job x --unpin --status-dir /a", "only valid with --clean"),
                ("job x --clean --status-dir /a --pin", "not with --pin"),
                ("job x --clean --status-dir /a --cri-socket /run/c/c.sock",
                 "not with --cri-socket"),
                ("job x --clean --status-dir /a --images-from a",
                 "not with --images-from"),
                ("job x --clean --status-dir /a -- --best-effort",
                 "no flags of fetch"),
                ("job x --clean --unpin --status-dir /a --flavor openshift",
                 "pinned_images")):
            with self.subTest(words):
                refused = manifest(words, None)
                self.assertEqual(refused.returncode, 2)
                self.assertIn(why, refused.stderr)


class ArgumentsTest(unittest.TestCase):
    """That fetch takes what it is given in the pod."""

    def setUp(self):
        self.root = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))

    def mount(self, objects):
        """The pod's folders, in ours: mountPath -> folder."""
        folders = {}
        for mount in fetch_container(objects)["volumeMounts"]:
            folder = self.root / str(len(list(self.root.iterdir())))
            folder.mkdir()
            folders[mount["mountPath"]] = folder
            if mount["name"] == "list":
                data = next(each["data"] for each in objects
                            if "data" in each)
                for key, text in data.items():
                    (folder / key).write_text(text)
            if "secret" in mount["name"]:
                (folder / ".dockerconfigjson").write_text('{"auths":{}}')
        return folders

    def test_every_rendered_argument(self):
        for name, words in {**GOLDEN, **READY}.items():
            with self.subTest(name):
                objects = objects_of(manifest(words).stdout)
                folders = self.mount(objects)
                arguments = []
                for word in fetch_container(objects)["args"]:
                    for path, folder in folders.items():
                        word = word.replace(f"={path}/", f"={folder}/")
                        word = (f"{word.split('=')[0]}={folder}"
                                if word.endswith(f"={path}") else word)
                    arguments.append(word)
                socket = next(word.split("=")[1] for word in arguments
                              if word.startswith("--cri-socket="))
                start_fake_cri(self, socket)

                fetch = run([*arguments, "--dry-run"])

                self.assertEqual(fetch.returncode, 0, fetch.stderr)
                self.assertIn("2 of 2 images to pull", fetch.stdout)


if __name__ == "__main__":
    unittest.main()
