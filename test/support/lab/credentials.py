"""Writes credentials where prepull looks for them, as Kubernetes would.

A docker config is a dict from a registry (and the begin of a path) to an
account, which is a user and a password.
"""

import base64
import ctypes
import json
import os
import secrets
import stat

# Python's own module for it ends with 3.13.
_CRYPT = ctypes.CDLL("libcrypt.so.1").crypt
_CRYPT.restype = ctypes.c_char_p

_PROVIDER_CONFIG = """\
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: lab-provider
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  matchImages: ["{pattern}"]
  defaultCacheDuration: 1m
"""

_PROVIDER = """\
#!/bin/sh
cat >'{request}'
[ ! -e '{broken}' ] || exit 1
cat <<'END'
{answer}
END
"""


def auth_value(account):
    """User and password as docker writes them, and HTTP's Basic sends them."""
    return base64.b64encode(":".join(account).encode()).decode()


def docker_config(accounts):
    """The text of a docker config."""
    return json.dumps({"auths": {
        key: {"auth": auth_value(account)}
        for key, account in accounts.items()}})


def write_file(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def htpasswd(account):
    """The line of an htpasswd file that lets this account in, by bcrypt."""
    user, password = account
    # Four is the least work that there is, which is enough here.
    found = _CRYPT(password.encode(), b"$2b$04$" + b"lab." * 5 + b"lu")
    return f"{user}:{found.decode()}\n"


def mounted_folder(folder, files):
    """Mounts a Secret or a ConfigMap there, or replaces its content at once.

    As the kubelet does, so that each file is reached over two links. `files`
    are the same at each time.
    """
    os.makedirs(folder, exist_ok=True)
    version = f"..{secrets.token_hex(4)}"
    os.mkdir(os.path.join(folder, version))
    for name, text in files.items():
        write_file(os.path.join(folder, version), name, text)
        if not os.path.lexists(os.path.join(folder, name)):
            os.symlink(os.path.join("..data", name),
                       os.path.join(folder, name))
    new_link = os.path.join(folder, "..data_tmp")
    os.symlink(version, new_link)
    os.replace(new_link, os.path.join(folder, "..data"))
    return folder


class MountedSecret:
    """A Secret as the kubelet mounts it: `path` is its file."""

    def __init__(self, folder, accounts, name=".dockerconfigjson"):
        self.folder = folder
        self.path = os.path.join(folder, name)
        self._name = name
        self.replace(accounts)

    def replace(self, accounts):
        """Puts another content in its place, all at once."""
        mounted_folder(self.folder, {self._name: docker_config(accounts)})


class Provider:
    """A credential provider plugin with its configuration, in a new folder.

    It works until break_down(), and again after recover().
    """

    def __init__(self, folder, pattern, account):
        os.makedirs(os.path.join(folder, "bin"))
        self._broken_path = os.path.join(folder, "broken")
        self._request_path = os.path.join(folder, "request.json")
        config = write_file(folder, "config.yaml",
                            _PROVIDER_CONFIG.format(pattern=pattern))
        user, password = account
        answer = json.dumps({
            "kind": "CredentialProviderResponse",
            "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
            "cacheKeyType": "Registry",
            "auth": {pattern: {"username": user, "password": password}},
        })
        program = write_file(
            os.path.join(folder, "bin"), "lab-provider",
            _PROVIDER.format(request=self._request_path,
                             broken=self._broken_path, answer=answer))
        os.chmod(program, stat.S_IRWXU)
        self.flags = ["--image-credential-provider-config", config,
                      "--image-credential-provider-bin-dir",
                      os.path.join(folder, "bin")]

    def break_down(self):
        write_file(os.path.dirname(self._broken_path), "broken", "")

    def recover(self):
        os.remove(self._broken_path)

    def request(self):
        """What it was asked last."""
        with open(self._request_path, encoding="utf-8") as file:
            return json.load(file)
