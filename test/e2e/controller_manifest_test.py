#!/usr/bin/env python3
"""Checks what `prepull manifest controller` prints, and the CRD in it. What a
real API server makes of them is in api_server_test.py.

No cluster, no network. UPDATE_GOLDEN=1 writes test/golden/manifest anew.
"""

import os
import pathlib
import sys
import unittest

import yaml

sys.dont_write_bytecode = True
_TEST = pathlib.Path(__file__).resolve().parent.parent
_ROOT = _TEST.parent
sys.path.insert(0, str(_TEST / "support"))

from kubernetes import strict  # noqa: E402
from manifest_test import CONTROLLER, manifest, of_kind, run  # noqa: E402

_CRD = (_ROOT / "manifests/crd.yaml").read_text()
_BETWEEN = "---\n"


def printed(words):
    return manifest(words, None).stdout


def objects_of(words):
    return list(yaml.safe_load_all(printed(words)))


def spec_schema():
    (version,) = yaml.safe_load(_CRD)["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def fields(schema, path=""):
    """All schemas with their paths."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from fields(field, f"{path}.{name}")
    for below in ("items", "additionalProperties"):
        if below in schema:
            yield from fields(schema[below], f"{path}[]")


def unknown_fields(value, schema, path=""):
    if isinstance(value, list):
        for item in value:
            yield from unknown_fields(item, schema["items"], path + "[]")
    elif isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            if key not in schema["properties"]:
                yield f"{path}.{key}"
            elif path or key in ("spec", "status"):
                yield from unknown_fields(item, schema["properties"][key],
                                          f"{path}.{key}")


class GoldenTest(unittest.TestCase):

    maxDiff = None

    def test_each_flavour_and_option(self):
        for name, words in CONTROLLER.items():
            with self.subTest(name):
                path = _TEST / f"golden/manifest/{name}.yaml"
                now = printed(words)
                self.assertIn(_CRD, now.split(_BETWEEN))
                # It is the same everywhere.
                rest = _BETWEEN.join(each for each in now.split(_BETWEEN)
                                     if each != _CRD)
                if os.environ.get("UPDATE_GOLDEN") == "1":
                    path.write_text(rest)
                self.assertEqual(rest, path.read_text())
                self.assertEqual(strict.complaints(objects_of(words)), [])


class DefinitionTest(unittest.TestCase):

    def test_each_field_is_explained(self):
        for path, schema in fields(spec_schema()):
            if path.endswith("[]") or path in (".apiVersion", ".kind",
                                               ".metadata"):
                continue
            with self.subTest(path):
                self.assertTrue(schema.get("description", "").strip())

    def test_nothing_that_is_asked_for_is_without_bounds(self):
        spec = spec_schema()["properties"]["spec"]
        for path, schema in fields(spec):
            with self.subTest(path):
                if schema.get("type") == "string":
                    self.assertTrue("maxLength" in schema or
                                    "enum" in schema)
                elif schema.get("type") == "array":
                    self.assertIn("maxItems", schema)
                    self.assertIn("x-kubernetes-list-type", schema)
                elif schema.get("type") == "integer":
                    self.assertIn("minimum", schema)
                    self.assertIn("maximum", schema)

    def test_a_later_controller_may_say_more_in_a_status(self):
        status = spec_schema()["properties"]["status"]
        for path, schema in fields(status):
            if path.endswith(".conditions[].status"):
                continue
            with self.subTest(path):
                self.assertFalse({"enum", "pattern", "maxLength"} &
                                 schema.keys())

    def test_the_sample_has_fields_that_are_there(self):
        sample = yaml.safe_load(
            (_ROOT / "manifests/prepull.yaml").read_text())
        self.assertEqual(list(unknown_fields(sample, spec_schema())), [])


class ContentTest(unittest.TestCase):

    def test_the_controller_has_no_privileges(self):
        for name, words in CONTROLLER.items():
            with self.subTest(name):
                pod = of_kind(objects_of(words), "Deployment")["spec"][
                    "template"]["spec"]
                (container,) = pod["containers"]
                security = container["securityContext"]
                self.assertIs(security["runAsNonRoot"], True)
                # OpenShift chooses the user.
                self.assertEqual(security.get("runAsUser"),
                                 None if "openshift" in words else 65534)
                self.assertIs(security["readOnlyRootFilesystem"], True)
                self.assertIs(security["allowPrivilegeEscalation"], False)
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                self.assertEqual(
                    pod["securityContext"],
                    {"seccompProfile": {"type": "RuntimeDefault"}})
                self.assertFalse({"hostNetwork", "hostPID", "hostIPC",
                                  "initContainers"} & pod.keys())
                self.assertFalse([each for each in pod["volumes"]
                                  if "hostPath" in each])

    def test_the_controller_takes_its_arguments(self):
        for name, words in CONTROLLER.items():
            with self.subTest(name):
                container = of_kind(objects_of(words), "Deployment")["spec"][
                    "template"]["spec"]["containers"][0]
                ended = run([*container["args"], "--kubeconfig=/nowhere"])
                self.assertEqual(ended.returncode, 2)
                self.assertIn("/nowhere", ended.stderr)

    def test_nobody_may_read_secrets_or_change_nodes(self):
        for name, words in CONTROLLER.items():
            with self.subTest(name):
                rules = [(each["kind"], resource, verb)
                         for each in objects_of(words)
                         if each["kind"] in ("Role", "ClusterRole")
                         for rule in each["rules"]
                         for resource in rule["resources"]
                         for verb in rule["verbs"]]
                self.assertNotIn("secrets", [rule[1] for rule in rules])
                self.assertEqual(
                    {rule for rule in rules if rule[0] == "ClusterRole"},
                    {("ClusterRole", "nodes", verb)
                     for verb in ("get", "list", "watch")})

    def test_another_namespace_has_other_names_in_the_cluster(self):
        def names(namespace):
            return {(each["kind"], each["metadata"]["name"])
                    for each in objects_of(f"controller --namespace "
                                           f"{namespace} --flavor openshift")
                    if "namespace" not in each["metadata"]}

        self.assertEqual(names("a") & names("b"),
                         {("CustomResourceDefinition",
                           "prepulls.prepull.dev")})

    def test_the_policy_knows_the_secrets_that_the_controller_knows(self):
        objects = objects_of(CONTROLLER["controller-options"])
        policy = next(each for each in objects
                      if each["metadata"]["name"].endswith("controller-jobs"))
        container = of_kind(objects, "Deployment")["spec"]["template"][
            "spec"]["containers"][0]
        self.assertIn("--allowed-image-secrets=team-a,team-b",
                      container["args"])
        volumes = [rule["expression"] for rule in policy["spec"]["validations"]
                   if "secretName" in rule["expression"]]
        self.assertEqual(len(volumes), 1)
        self.assertIn('secretName in ["team-a", "team-b"]', volumes[0])
        self.assertIn('path in ["/run/k3s/containerd", '
                      '"/var/lib/rancher/k3s"]', volumes[0])

    def test_says_what_contradicts_itself(self):
        for words, why in (
                ("controller x", "expected no name"),
                ("controller --pin", "--pin: not for a controller"),
                ("controller --images-from a", "--images-from: not for"),
                ("controller --env PREPULL_IMAGE=a", "a flag of the contr"),
                ("controller --env NODE_NAME=a", "manifest sets it"),
                ("controller --label app.kubernetes.io/name=a",
                 "manifest or Kubernetes sets it"),
                ("controller --create-namespace", "belongs to Kubernetes"),
                ("controller --cri-socket /etc/prepull/c.sock",
                 "conflicts with the pod's folder"),
                ("controller --allowed-image-secrets a,a", "given twice"),
                ("controller --allowed-image-secrets a,B", "expected a DNS"),
                ("controller --allowed-image-secrets a,", "expected a DNS"),
                ("job x --allowed-image-secrets a",
                 "only valid for a controller")):
            with self.subTest(words):
                refused = manifest(words, None)
                self.assertEqual(refused.returncode, 2, refused.stdout)
                self.assertIn(why, refused.stderr)

    def test_says_what_openshifts_namespace_needs(self):
        warned = manifest("controller --flavor openshift", None)
        self.assertIn("workload.openshift.io/allowed=management",
                      warned.stderr)


if __name__ == "__main__":
    unittest.main()
