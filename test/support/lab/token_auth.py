"""The token authentication of a registry, and a grudge against its clients.

    token_auth = TokenAuth({"robot": "password"})
    with BadRegistry(token_auth=token_auth) as registry:
        ...
    assert token_auth.refused == []

Who comes without a token is sent to /token on the registry's own port. That
gives one for user and password (GET with Basic) or for an identity token (POST
with a refresh token). Whoever is refused hears all that he said once more, so
that a test can see whether it is repeated.

Source: https://distribution.github.io/distribution/spec/auth/token/ and
https://distribution.github.io/distribution/spec/auth/oauth/.
"""

import base64
import json
import secrets
import urllib.parse

_SERVICE = "lab"


class TokenAuth:
    """Knows the accounts, a password by each user, and the identity tokens.

    `forbidden` are repositories that no token opens.
    """

    def __init__(self, accounts, identity_tokens=()):
        self._accounts = dict(accounts)
        self._identity_tokens = set(identity_tokens)
        self.forbidden = set()
        self.given = []  # tokens, each a secret from then on
        self.refused = []  # what was said instead of a right password

    def has_answered(self, connection):
        """Answers a request for a token, or one that has none."""
        url = urllib.parse.urlsplit(connection.path)
        body = _body_of(connection)
        said = connection.headers.get("Authorization", "")
        if url.path == "/token":
            self._answer_token(connection, said, body)
        elif said.removeprefix("Bearer ") not in self.given:
            _answer(connection, 401, _refusal(said), _challenge(connection))
        elif any(f"/v2/{name}/" in url.path for name in self.forbidden):
            _answer(connection, 403, _refusal(said))
        else:
            return False
        return True

    def _answer_token(self, connection, said, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if connection.command == "POST" and "refresh_token" not in form:
            # So that the client falls back to a GET with Basic.
            _answer(connection, 405, _refusal(""))
        elif (_account_of(said) in self._accounts.items() or
              form.get("refresh_token") in self._identity_tokens):
            self.given.append(secrets.token_hex(32))
            _answer(connection, 200, {"token": self.given[-1],
                                      "access_token": self.given[-1]})
        else:
            self.refused.append(said or form)
            _answer(connection, 401, _refusal(said or body.decode()))


def _body_of(connection):
    size = int(connection.headers.get("Content-Length") or 0)
    return connection.rfile.read(size)


def _account_of(said):
    """User and password of an Authorization header; None if it has none."""
    kind, _, value = said.partition(" ")
    if kind != "Basic":
        return None
    return tuple(base64.b64decode(value).decode().split(":", 1))


def _refusal(said):
    """All that was said, as it came and as a person reads it."""
    message = f"not with {said} ({':'.join(_account_of(said) or ())})"
    return {"errors": [{"code": "DENIED", "message": message,
                        "detail": message}],
            "details": message}


def _challenge(connection):
    host, port = connection.server.server_address
    return {"WWW-Authenticate":
            f'Bearer realm="http://{host}:{port}/token",service="{_SERVICE}",'
            f'scope="{_scope_of(connection.path)}"'}


def _scope_of(path):
    repository = path.removeprefix("/v2/").rpartition("/")[0]
    return f"repository:{repository.rpartition('/')[0]}:pull"


def _answer(connection, code, document, headers=None):
    body = json.dumps(document).encode()
    connection.send_response(code)
    for name, value in ({"Content-Type": "application/json",
                         "Content-Length": str(len(body))} |
                        (headers or {})).items():
        connection.send_header(name, value)
    connection.end_headers()
    if connection.command != "HEAD":
        connection.wfile.write(body)
