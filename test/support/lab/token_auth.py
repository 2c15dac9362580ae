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


class TokenAuth:
    """Knows the accounts, a password by each user, and the identity tokens.

    `with_basic`, there are no tokens: each request brings the password.
    `anonymous`, there is one for everybody who asks without a password. `keys`
    are the names under which a token is given.
    `forbidden` are repositories that nobody may GET from, and `revoked` those
    for which tokens and passwords are good no more.
    """

    def __init__(self, accounts, identity_tokens=(), with_basic=False,
                 anonymous=False, keys=("token", "access_token")):
        self._accounts = dict(accounts)
        self._identity_tokens = set(identity_tokens)
        self._with_basic = with_basic
        self._anonymous = anonymous
        self._keys = keys
        self.forbidden = set()
        self.revoked = set()
        self.given = []  # tokens, each a secret from then on
        self.refused = []  # what was said instead of a right password

    def has_answered(self, connection):
        """Answers a request for a token, or one that has none."""
        url = urllib.parse.urlsplit(connection.path)
        body = _body_of(connection)
        said = connection.headers.get("Authorization", "")
        if url.path == "/token":
            self._answer_token(connection, said, body)
        elif not self._is_known(said) or _is_of(self.revoked, url.path):
            _answer(connection, 401, _refusal(said),
                    {"WWW-Authenticate": self._challenge(connection, said)})
        elif connection.command == "GET" and _is_of(self.forbidden, url.path):
            _answer(connection, 403, _refusal(said))
        else:
            return False
        return True

    def _is_known(self, said):
        if self._with_basic:
            return _account_of(said) in self._accounts.items()
        return said.removeprefix("Bearer ") in self.given

    def _challenge(self, connection, said):
        error = f',error="not with {said}"' if said else ""
        if self._with_basic:
            return f'Basic realm="lab"{error}'
        host, port = connection.server.server_address
        return (f'Bearer realm="http://{host}:{port}/token",service="lab",'
                f'scope="{_scope_of(connection.path)}"{error}')

    def _answer_token(self, connection, said, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if connection.command == "POST" and "refresh_token" not in form:
            # So that the client falls back to a GET with Basic.
            _answer(connection, 405, _refusal(""))
        elif (_account_of(said) in self._accounts.items() or
              form.get("refresh_token") in self._identity_tokens or
              self._anonymous and not said and not form):
            self.given.append(secrets.token_hex(32))
            _answer(connection, 200,
                    dict.fromkeys(self._keys, self.given[-1]))
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


def _is_of(repositories, path):
    return any(path.startswith(f"/v2/{name}/") for name in repositories)


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
