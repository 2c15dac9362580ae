"""What a strict API server has against objects: the schemas of its API, by the
npm package kubernetes-models (scripts/install-deps), and what they leave to
the server's own code. OpenShift's kind has its fields listed here.
"""
import json
import pathlib
import re
import subprocess

_HERE = pathlib.Path(__file__).resolve().parent
_MODULES = _HERE.parent.parent.parent / "build-npm/node_modules"

# The fields of SecurityContextConstraints in security.openshift.io/v1, with
# the types that they are used with here.
_SCC_FIELDS = {
    "apiVersion": str, "kind": str, "metadata": dict,
    "priority": (int, type(None)),
    "allowHostDirVolumePlugin": bool, "allowHostIPC": bool,
    "allowHostNetwork": bool, "allowHostPID": bool, "allowHostPorts": bool,
    "allowPrivilegedContainer": bool, "allowPrivilegeEscalation": bool,
    "allowedCapabilities": list, "defaultAddCapabilities": list,
    "requiredDropCapabilities": list, "readOnlyRootFilesystem": bool,
    "runAsUser": dict, "seLinuxContext": dict, "fsGroup": dict,
    "supplementalGroups": dict, "seccompProfiles": list, "users": list,
    "groups": list, "volumes": list,
}
_SCC_MAY_MISS = {"allowPrivilegeEscalation", "seccompProfiles", "users",
                 "groups", "runAsUser", "seLinuxContext", "fsGroup",
                 "supplementalGroups"}
_STRATEGIES = {"RunAsAny", "MustRunAs", "MustRunAsRange", "MustRunAsNonRoot"}

# What is used of work.open-cluster-management.io/v1alpha1: a dict of fields, a
# list of the form of its items, the words or the pattern of a text.
_WORK_VERSION = "work.open-cluster-management.io/v1alpha1"
_SHARE = re.compile(r"(100|[0-9]{1,2})%|[0-9]+")
_DURATION = re.compile(r"[0-9]+[hms]")
_ANY = re.compile(r".*", re.DOTALL)
_PATHS = [{"name": _ANY, "path": re.compile(r"\..+")}]
_WORK = {
    "placementRefs": [{
        "name": _ANY,
        "rolloutStrategy": {
            "type": ("All", "Progressive", "ProgressivePerGroup"),
            "progressive": {"maxConcurrency": _SHARE, "maxFailures": _SHARE,
                            "progressDeadline": _DURATION}}}],
    "manifestWorkTemplate": {
        "workload": {"manifests": None},
        "manifestConfigs": [{
            "resourceIdentifier": {"group": _ANY, "resource": _ANY,
                                   "namespace": _ANY, "name": _ANY},
            "updateStrategy": {"type": ("Update", "CreateOnly",
                                        "ServerSideApply", "ReadOnly")},
            "conditionRules": [{"condition": _ANY,
                                "type": ("WellKnownConditions", "CEL"),
                                "celExpressions": [_ANY]}],
            "feedbackRules": [{"type": ("WellKnownStatus", "JSONPaths"),
                               "jsonPaths": _PATHS}]}]}}

_UNITS = {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "": 1}


def complaints(objects):
    """What is wrong with `objects`, a sentence each."""
    found = []
    # The package does not look into the schema of a definition; a real server
    # does, for test/e2e/api_server_test.py.
    objects = [o for o in objects if o["kind"] != "CustomResourceDefinition"]
    for work in [o for o in objects if o["apiVersion"] == _WORK_VERSION]:
        found += _work_complaints(work)
        objects = [o for o in objects if o is not work]
        template = work["spec"]["manifestWorkTemplate"]
        objects += template["workload"]["manifests"]
    of_openshift = [o for o in objects
                    if o["apiVersion"].startswith("security.openshift.io/")]
    found += _schema_complaints([o for o in objects if o not in of_openshift])
    for each in of_openshift:
        found += _scc_complaints(each)
    for each in objects:
        template = each.get("spec", {}).get("template")
        if template:
            found += _pod_complaints(template["spec"])
            found += _workload_complaints(each)
    return found


def _schema_complaints(objects):
    if not _MODULES.is_dir():
        raise RuntimeError("no validator: run scripts/install-deps")
    run = subprocess.run(["node", _HERE / "validate.js", _MODULES],
                         input=json.dumps(objects), text=True,
                         capture_output=True, check=False, timeout=60)
    if run.stderr:
        raise RuntimeError(run.stderr)
    return run.stdout.splitlines()


def _work_complaints(work):
    return _form_complaints(work["spec"], _WORK, "spec")


def _form_complaints(value, form, place):
    if isinstance(form, dict):
        if not isinstance(value, dict):
            yield f"work: {place} is no map"
            return
        for key, item in value.items():
            if key not in form:
                yield f"work: unknown field {place}.{key}"
            else:
                yield from _form_complaints(item, form[key], f"{place}.{key}")
    elif isinstance(form, list):
        for item in value:
            yield from _form_complaints(item, form[0], place + "[]")
    elif isinstance(form, tuple):
        if value not in form:
            yield f"work: {place} is {value}"
    elif form is not None and not form.fullmatch(str(value)):
        yield f"work: {place} is {value}"


def _scc_complaints(constraints):
    for field, value in constraints.items():
        if field not in _SCC_FIELDS:
            yield f"constraints: unknown field {field}"
        elif not isinstance(value, _SCC_FIELDS[field]):
            yield f"constraints: {field} is a {type(value).__name__}"
    for field in _SCC_FIELDS.keys() - constraints.keys() - _SCC_MAY_MISS:
        yield f"constraints: {field} is missing"
    for field in ("runAsUser", "seLinuxContext", "fsGroup",
                  "supplementalGroups"):
        strategy = constraints.get(field, {})
        if strategy.get("type") not in _STRATEGIES or len(strategy) != 1:
            yield f"constraints: {field} is {strategy}"


def _quantity(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", text).groups()
    return float(number) * _UNITS[unit]


def _containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def _pod_complaints(pod):
    volumes = [each["name"] for each in pod.get("volumes", [])]
    if len(set(volumes)) != len(volumes):
        yield "two volumes of one name"
    used = set()
    for container in _containers(pod):
        mounts = container.get("volumeMounts", [])
        used.update(mount["name"] for mount in mounts)
        paths = [mount["mountPath"] for mount in mounts]
        if len(set(paths)) != len(paths):
            yield f"{container['name']}: two mounts at one path"
        resources = container.get("resources", {})
        for what, limit in resources.get("limits", {}).items():
            request = resources.get("requests", {}).get(what, "0")
            if _quantity(request) > _quantity(limit):
                yield f"{container['name']}: {what} exceeds its limit"
    if used != set(volumes):
        yield f"volumes {volumes}, but mounted are {sorted(used)}"
    for toleration in pod.get("tolerations", []):
        if toleration["operator"] == "Exists" and "value" in toleration:
            yield f"a value for Exists: {toleration}"


def _workload_complaints(workload):
    spec = workload["spec"]
    pod = spec["template"]["spec"]
    if workload["kind"] in ("DaemonSet", "Deployment"):
        wanted = spec["selector"]["matchLabels"]
        labels = spec["template"]["metadata"]["labels"]
        if not wanted.items() <= labels.items():
            yield "the selector does not select the pods"
        if pod.get("restartPolicy", "Always") != "Always":
            yield f"a {workload['kind']} restarts its pods always"
        return
    if pod.get("restartPolicy") != "Never":
        yield "podFailurePolicy needs restartPolicy Never"
    names = [container["name"] for container in _containers(pod)]
    for rule in spec.get("podFailurePolicy", {}).get("rules", []):
        codes = rule.get("onExitCodes")
        if ("onPodConditions" in rule) == bool(codes):
            yield f"neither or both conditions: {rule}"
        if codes and codes["containerName"] not in names:
            yield f"no such container: {rule}"
        if codes and (codes["values"] != sorted(set(codes["values"])) or
                      0 in codes["values"]):
            yield f"exit codes in disorder: {rule}"
