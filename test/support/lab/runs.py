"""The runs of `prepull fetch` on one node, each with a folder of its own."""

import os

from .run import Run


class Runs:
    """Runs over the runtime behind `socket_path`, with their files below
    `folder`."""

    def __init__(self, folder, socket_path):
        self._folder = folder
        self._socket_path = socket_path
        self._runs = []

    def fetch(self, references, *flags, seconds=60, **how):
        """Runs `prepull fetch` over these references to its end."""
        run = self.start_fetch(references, *flags, **how)
        run.wait(seconds)
        return run

    def start_fetch(self, references, *flags, env=None, after=None):
        """Starts `prepull fetch` over these references.

        `env` is added to its environment. A run `after` another one has the
        same folder, and so its status file.
        """
        folder = after.folder if after else os.path.join(
            self._folder, f"run-{len(self._runs) + 1}")
        os.makedirs(folder, exist_ok=True)
        image_list = os.path.join(folder, "images.txt")
        with open(image_list, "w", encoding="utf-8") as file:
            file.writelines(reference + "\n" for reference in references)
        run = Run(["--image-list-file", image_list,
                   "--cri-socket", self._socket_path, *flags], folder, env)
        self._runs.append(run)
        return run

    def end(self):
        """Ends those that still go on."""
        for run in self._runs:
            run.end()
