"""Shows prepull at work on a node that exists only for the demo.

scripts/demo starts this once prepull is built. It ends with 0 when prepull did
what the text announces.
"""

import json
import os
import shlex
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lab import (  # noqa: E402
    REGISTRY, Lab, exit_code_meanings, prepull_binary, run_as_root)
from lab.images import make_family  # noqa: E402
from lab.process import start_child  # noqa: E402

_NAMES = [
    "shop/frontend:2.4", "shop/cart:2.4", "shop/checkout:2.4",
    "shop/search:1.9", "shop/payment:3.0", "shop/mail:1.2",
    "ops/metrics:0.28", "ops/logs:0.28", "ops/ingress:1.11",
    "data/queue:3.7", "data/store:16.2", "data/cache:7.2",
]
_PRESENT = "ops/logs:0.28"
_MISSING = "shop/gone:1.0"
_LINK_BYTES_PER_SECOND = 10_000_000


def main():
    run_as_root("a private containerd")
    with Lab() as lab:
        names = _fill_registry(lab)
        image_list = _write_list(lab, names)
        status_path = os.path.join(lab.folder, "status.json")
        command = [
            prepull_binary(), "fetch", "--image-list-file", image_list,
            "--cri-socket", lab.containerd.socket_path,
            "--status-file", status_path]

        _say("First run: 11 images to pull, one present, one unknown.")
        first = _run(command, status_path)
        print(json.dumps(first, indent=2))
        _say("Second run: nothing is pulled again.")
        second = _run(command, status_path)
        expected = [_counts(first, 11, 1), _counts(second, 0, 12)]
    _say("containerd and the registry are stopped, their folder is gone.")
    return 0 if all(expected) else 1


def _fill_registry(lab):
    images = make_family(len(_NAMES), "demo", 6_000_000, 2_000_000)
    lab.link.bytes_per_second = None
    lab.containerd.route(REGISTRY, lab.link.port)
    for name, image in zip(_NAMES, images):
        lab.push(*name.split(":"), image)
    lab.containerd.cri.pull_image(f"{REGISTRY}/{_PRESENT}")
    lab.link.bytes_per_second = _LINK_BYTES_PER_SECOND
    layers = {layer.diff_id: len(layer.blob)
              for image in images for layer in image.layers}
    _say(f"A private registry holds {len(images)} images that share layers "
         f"({sum(layers.values()) // 10**6} MB in all), behind a link of "
         f"{_LINK_BYTES_PER_SECOND // 10**6} MB/s.",
         f"A private containerd has one of them already: {_PRESENT}.")
    return _NAMES[:4] + [_MISSING] + _NAMES[4:]


def _write_list(lab, names):
    path = os.path.join(lab.folder, "images.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# What this node will need.\n")
        file.writelines(f"{REGISTRY}/{name}\n" for name in names)
    _say(f"{path}:")
    with open(path, encoding="utf-8") as file:
        print(file.read(), end="")
    return path


def _run(command, status_path):
    """Runs prepull on the caller's terminal; returns its status file."""
    print("$", shlex.join(command), flush=True)
    start = time.monotonic()
    # In the caller's group, so that Ctrl-C on the terminal reaches it.
    code = start_child(command, start_new_session=False).wait()
    seconds = time.monotonic() - start
    meaning = exit_code_meanings().get(code, "unexpected")
    print(f"exit code {code}: {meaning} "
          f"({seconds:.1f} s)", flush=True)
    with open(status_path, encoding="utf-8") as file:
        return json.load(file)


def _counts(status, pulled, skipped):
    """Tells whether the run ended as announced, and says so if not."""
    found = {key: status[key] for key in
             ("pulled", "skipped", "failed_pulls", "exit_code")}
    wanted = {"pulled": pulled, "skipped": skipped,
              "failed_pulls": [f"{REGISTRY}/{_MISSING}"], "exit_code": 1}
    if found != wanted:
        print(f"demo: expected {wanted}, found {found}", file=sys.stderr)
    return found == wanted


def _say(*lines):
    print("\n" + "\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
