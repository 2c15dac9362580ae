"""Stands before a registry, as a large one's front does.

    with RegistryFront(registry, token_auth=TokenAuth({}, anonymous=True),
                       blobs=store, page_size=3) as front:
        ...
        assert front.requests[0] == ("GET", "/v2/team/app/tags/list")

Who comes without a token is sent for one, blobs are redirected to a
BadRegistry that holds them too, lists of tags come in pages, and whoever comes
while it is busy hears when to come again.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import contextlib
import http.client
import http.server
import json
import threading
import urllib.parse

# Of one connection, or said anew by http.server.
_NOT_PASSED_ON = {"authorization", "connection", "date", "host", "server",
                  "transfer-encoding"}


class NoCredentials:
    """For a BadRegistry that must not hear any: what it `heard` is an error."""

    def __init__(self):
        self.heard = []

    def has_answered(self, connection):
        said = connection.headers.get("Authorization")
        if said:
            self.heard.append(said)
        return False


class RegistryFront:
    """Serves on `port` of `host` from the start of its `with`.

    `busy_for` is how many of the next requests it turns away, and may be set
    at any time.
    """

    def __init__(self, registry, token_auth=None, blobs=None, page_size=None,
                 host="127.0.0.1"):
        self.registry = registry
        self.token_auth = token_auth
        self.blobs = blobs
        self.page_size = page_size
        self.busy_for = 0
        self.requests = []  # those that were let in: method, path and query
        self.lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer((host, 0), _Connection)
        self._server.daemon_threads = True
        self._server.front = self
        self._listener = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.host, self.port = self._server.server_address

    def __enter__(self):
        self._listener.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._listener.join()
        self._server.server_close()

    def is_busy(self):
        with self.lock:
            self.busy_for -= 1
            return self.busy_for >= 0


class _Connection(http.server.BaseHTTPRequestHandler):

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_):
        pass

    def do_GET(self):
        front = self.server.front
        if front.is_busy():
            self._answer(429, {"Retry-After": "1"})
            return
        if front.token_auth and front.token_auth.has_answered(self):
            return
        front.requests.append((self.command, self.path))
        url = urllib.parse.urlsplit(self.path)
        if front.blobs and self.command == "GET" and "/blobs/" in url.path:
            self._answer(307, {"Location": (
                f"http://{front.blobs.host}:{front.blobs.port}{url.path}"
                "?signature=0123456789")})
        elif front.page_size and url.path.endswith("/tags/list"):
            self._answer_page(url)
        else:
            code, headers, body = self._ask_registry(self.path)
            self._answer(code, headers, body)

    do_HEAD = do_POST = do_GET

    def _ask_registry(self, path):
        """Its status, its headers that concern the client, and its body."""
        registry = self.server.front.registry
        connection = http.client.HTTPConnection(registry.host, registry.port,
                                                timeout=60)
        with contextlib.closing(connection):
            connection.request(self.command, path,
                               headers=_passed_on(self.headers))
            answer = connection.getresponse()
            return answer.status, _passed_on(answer.headers), answer.read()

    def _answer_page(self, url):
        """As many tags as a page has, from behind `last` on."""
        code, headers, body = self._ask_registry(url.path)
        document = json.loads(body)
        last = dict(urllib.parse.parse_qsl(url.query)).get("last", "")
        tags = [tag for tag in sorted(document["tags"]) if tag > last]
        page = tags[:self.server.front.page_size]
        if len(page) < len(tags):
            query = urllib.parse.urlencode({"last": page[-1], "n": len(page)})
            headers["Link"] = f'<{url.path}?{query}>; rel="next"'
        del headers["Content-Length"]
        self._answer(code, headers,
                     json.dumps(document | {"tags": page}).encode())

    def _answer(self, code, headers, body=b""):
        self.send_response(code)
        for name, value in ({"Content-Length": str(len(body))} |
                            headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _passed_on(headers):
    return {name: value for name, value in headers.items()
            if name.lower() not in _NOT_PASSED_ON}
