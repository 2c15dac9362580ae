#!/usr/bin/env python3
"""Checks that the bad registry misbehaves exactly as it is told to.

What the tests of resuming conclude from its counts is worth as much as these.
Plain HTTP only: no containerd, no prepull, no root.
"""

import base64
import http.client
import json
import os
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab.bad_registry import BadRegistry  # noqa: E402
from lab.images import digest_of, make_image, make_layer  # noqa: E402
from lab.process import wait_until  # noqa: E402
from lab.token_auth import TokenAuth  # noqa: E402

LAYER = make_layer("bad registry", 1_000_000)
IMAGE = make_image([LAYER])
BLOB = LAYER.blob
DIGEST = digest_of(BLOB)
BLOB_PATH = f"/v2/team/app/blobs/{DIGEST}"
MANIFEST_PATH = "/v2/team/app/manifests/1.0"


class BadRegistryTest(unittest.TestCase):

    def setUp(self):
        self.registry = self.enterContext(BadRegistry(seed=1))
        self.registry.add("team/app", "1.0", IMAGE)

    def test_serves_manifest_config_and_layer(self):
        by_tag, manifest = self.get(MANIFEST_PATH)
        by_digest, same = self.get(f"/v2/team/app/manifests/{IMAGE.digest}")
        _, config = self.get(f"/v2/team/app/blobs/{digest_of(IMAGE.config)}")
        _, blob = self.get(BLOB_PATH)

        self.assertEqual([manifest, same, config, blob],
                         [IMAGE.manifest, IMAGE.manifest, IMAGE.config, BLOB])
        self.assertEqual(by_tag.getheader("Content-Type"), IMAGE.media_type)
        self.assertEqual(by_digest.getheader("Docker-Content-Digest"),
                         IMAGE.digest)

    def test_a_head_has_the_headers_of_a_get_and_no_body(self):
        answer, body = self.get(MANIFEST_PATH, method="HEAD")

        self.assertEqual(answer.getheader("Content-Length"),
                         str(len(IMAGE.manifest)))
        self.assertEqual(body, b"")

    def test_does_not_know_what_was_not_added(self):
        answer, _ = self.get("/v2/team/app/manifests/2.0")

        self.assertEqual(answer.status, 404)

    def test_serves_ranges(self):
        size = len(BLOB)
        for asked, part, said in (
                ("bytes=1000-", BLOB[1000:], f"1000-{size - 1}"),
                ("bytes=1000-1999", BLOB[1000:2000], "1000-1999"),
                ("bytes=1000-99999999", BLOB[1000:], f"1000-{size - 1}"),
                ("bytes=-500", BLOB[-500:], f"{size - 500}-{size - 1}")):
            with self.subTest(asked):
                answer, body = self.get(BLOB_PATH, {"Range": asked})

                self.assertEqual(answer.status, 206)
                self.assertEqual(body, part)
                self.assertEqual(answer.getheader("Content-Range"),
                                 f"bytes {said}/{size}")

    def test_refuses_a_range_behind_the_end(self):
        answer, _ = self.get(BLOB_PATH, {"Range": f"bytes={len(BLOB)}-"})

        self.assertEqual(answer.status, 416)
        self.assertEqual(answer.getheader("Content-Range"),
                         f"bytes */{len(BLOB)}")

    def test_counts_payload_requests_and_offsets(self):
        self.get(MANIFEST_PATH)
        self.get(BLOB_PATH)
        self.get(BLOB_PATH, {"Range": f"bytes={len(BLOB) - 10}-"})

        self.assertEqual(self.registry.bytes_served(), len(BLOB) + 10)
        self.assertEqual(self.registry.bytes_served(DIGEST), len(BLOB) + 10)
        self.assertEqual(self.registry.range_offsets(DIGEST),
                         [len(BLOB) - 10])
        self.assertEqual([(request.kind, request.code)
                          for request in self.registry.requests],
                         [("manifests", 200), ("blobs", 200), ("blobs", 206)])

    def test_says_as_registries_do_what_is_missing(self):
        for path, code in (("/v2/team/app/manifests/2.0", "MANIFEST_UNKNOWN"),
                           (f"{BLOB_PATH[:-1]}?", "BLOB_UNKNOWN")):
            with self.subTest(code):
                _, body = self.get(path)

                (error,) = json.loads(body)["errors"]
                self.assertEqual(error["code"], code)

    def test_refuses_only_the_agent_that_it_was_told_to(self):
        self.registry.refuse(403, of="/manifests/", agent="prepull")

        refused, _ = self.get(MANIFEST_PATH, {"User-Agent": "prepull"})
        served, _ = self.get(MANIFEST_PATH, {"User-Agent": "cri-o/1.37.0"})

        self.assertEqual((refused.status, served.status), (403, 200))
        self.assertEqual([request.agent for request in self.registry.requests],
                         ["prepull", "cri-o/1.37.0"])

    def test_stalls_after_so_many_bytes_until_the_client_hangs_up(self):
        self.registry.stall(after=300_000, of=DIGEST, times=1)

        received, error = self.read_for_a_while(BLOB_PATH)
        # Before the blob moves again, which would look like its progress.
        (stall,) = wait_until(lambda: self.registry.stalls, 5, "the hang-up")
        _, second = self.get(BLOB_PATH)

        self.assertEqual((received, error), (BLOB[:300_000], TimeoutError))
        self.assertEqual(second, BLOB)
        self.assertEqual(self.registry.bytes_served(), 300_000 + len(BLOB))
        self.assertEqual((stall.repository, stall.digest),
                         ("team/app", DIGEST))
        self.assertGreater(stall.seconds, 0.25)

    def test_a_fault_leaves_shorter_answers_and_other_paths_alone(self):
        self.registry.stall(after=len(BLOB) - 10)
        config_path = f"/v2/team/app/blobs/{digest_of(IMAGE.config)}"

        _, config = self.get(config_path)
        _, rest = self.get(BLOB_PATH, {"Range": "bytes=1000-"})
        _, manifest = self.get(MANIFEST_PATH)

        self.assertEqual([config, rest, manifest],
                         [IMAGE.config, BLOB[1000:], IMAGE.manifest])

    def test_resets_after_so_many_bytes(self):
        self.registry.reset(after=300_000)

        received, error = self.read_for_a_while(BLOB_PATH)

        self.assertEqual((received, error),
                         (BLOB[:300_000], ConnectionResetError))

    def test_truncates(self):
        self.registry.truncate(after=300_000)

        received, error = self.read_for_a_while(BLOB_PATH)

        self.assertEqual((received, error), (BLOB[:300_000], None))

    def test_corrupts_one_byte_of_the_blob_wherever_the_answer_begins(self):
        self.registry.corrupt(position=5000)

        _, whole = self.get(BLOB_PATH)
        _, around = self.get(BLOB_PATH, {"Range": "bytes=4000-"})
        _, behind = self.get(BLOB_PATH, {"Range": "bytes=6000-"})

        wrong = BLOB[:5000] + bytes([BLOB[5000] ^ 0xFF]) + BLOB[5001:]
        self.assertEqual([whole, around, behind],
                         [wrong, wrong[4000:], BLOB[6000:]])

    def test_replaces_an_answer_by_a_page_whatever_part_was_asked_for(self):
        self.registry.replace(b"<html>", times=2)

        answers = [self.get(BLOB_PATH, {"Range": "bytes=3-"})
                   for _ in range(3)]

        self.assertEqual([(answer.status, body) for answer, body in answers],
                         [(200, b"<html>"), (200, b"<html>"), (206, BLOB[3:])])
        self.assertTrue(
            answers[0][0].getheader("Content-Type").startswith("text/html"))

    def test_refuses_with_status_and_headers_so_many_times(self):
        self.registry.refuse(429, {"Retry-After": "7"}, of="/manifests/",
                             times=2)

        answers = [self.get(MANIFEST_PATH, method="HEAD")[0],
                   *(self.get(MANIFEST_PATH)[0] for _ in range(2))]

        self.assertEqual([answer.status for answer in answers],
                         [429, 429, 200])
        self.assertEqual([answer.getheader("Retry-After")
                          for answer in answers], ["7", "7", None])

    def test_shows_a_page_where_it_is_told_to(self):
        self.registry.page(of="/manifests/", times=2)

        answers = [self.get(MANIFEST_PATH, method="HEAD"),
                   *(self.get(MANIFEST_PATH) for _ in range(2))]

        self.assertEqual([answer.status for answer, _ in answers], [200] * 3)
        self.assertEqual([answer.getheader("Content-Type", "")[:9]
                          for answer, _ in answers[:2]], ["text/html"] * 2)
        self.assertIsNone(answers[0][0].getheader("Docker-Content-Digest"))
        self.assertEqual(answers[1][1][:6], b"<html>")
        self.assertEqual(answers[2][1], IMAGE.manifest)

    def test_what_is_refused_is_no_payload(self):
        for code in (401, 500):
            self.registry.refuse(code, times=1)
            self.assertEqual(self.get(BLOB_PATH)[0].status, code)

        self.assertEqual(self.registry.bytes_served(), 0)

    def test_the_seed_decides_which_connections_a_fraction_befalls(self):
        first = [self.is_refused_by_a_third(seed) for seed in (1, 1, 2)]

        self.assertEqual(first[0], first[1])
        self.assertNotEqual(first[0], first[2])
        self.assertGreater(sum(first[0]), 4)
        self.assertLess(sum(first[0]), 16)

    def test_behaves_again(self):
        self.registry.refuse(500)

        self.registry.behave()

        self.assertEqual(self.get(BLOB_PATH)[0].status, 200)

    def test_holds_its_rate_on_each_connection(self):
        self.registry.bytes_per_second = 2_000_000
        begin = time.monotonic()

        threads = [threading.Thread(target=self.get, args=(BLOB_PATH,))
                   for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        seconds = time.monotonic() - begin
        self.assertAlmostEqual(seconds, len(BLOB) / 2_000_000, delta=0.15)

    def test_a_new_rate_holds_at_once(self):
        self.registry.bytes_per_second = 10_000
        lift = threading.Timer(0.3, setattr, (
            self.registry, "bytes_per_second", None))
        lift.start()
        begin = time.monotonic()

        _, body = self.get(BLOB_PATH)

        self.assertLess(time.monotonic() - begin, 1)
        self.assertEqual(body, BLOB)

    def test_its_end_leaves_no_thread_whatever_the_connections_do(self):
        before = threading.active_count()
        registry = self.enterContext(BadRegistry())
        registry.add("team/app", "1.0", IMAGE)
        registry.stall(after=100, times=1)
        registry.stall(after=0, of="/manifests/")
        stalled, silent, idle, slow = (self.connect(registry)
                                       for _ in range(4))
        stalled.request("GET", BLOB_PATH)
        silent.request("GET", MANIFEST_PATH)
        idle.connect()
        wait_until(lambda: registry.bytes_served() == 100, 5, "the stall")
        registry.bytes_per_second = 1
        slow.request("GET", BLOB_PATH)
        wait_until(lambda: threading.active_count() == before + 5, 5,
                   "a thread for each connection")

        begin = time.monotonic()
        registry.stop()

        self.assertLess(time.monotonic() - begin, 1)
        self.assertEqual(threading.active_count(), before)
        self.assertEqual(registry.stalls, [])

    # What a test asks of the registry.

    def connect(self, registry=None):
        connection = http.client.HTTPConnection(
            "127.0.0.1", (registry or self.registry).port, timeout=10)
        self.addCleanup(connection.close)
        return connection

    def get(self, path, headers=None, method="GET", registry=None):
        """One request on a connection of its own; the answer and its body."""
        connection = self.connect(registry)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def read_for_a_while(self, path):
        """Reads until 0.3 s are silent; the bytes, and how it ended."""
        connection = self.connect()
        connection.request("GET", path)
        connection.sock.settimeout(0.3)
        received = b""
        try:
            with connection.getresponse() as answer:
                while chunk := answer.read1(65536):
                    received += chunk
        except OSError as error:
            return received, type(error)
        finally:
            connection.close()
        return received, None

    def is_refused_by_a_third(self, seed):
        with BadRegistry(seed) as registry:
            registry.add("team/app", "1.0", IMAGE)
            registry.refuse(500, fraction=1 / 3)
            return [self.get(BLOB_PATH, registry=registry)[0].status == 500
                    for _ in range(30)]


class TokenAuthTest(unittest.TestCase):

    def setUp(self):
        self.token_auth = TokenAuth({"robot": "password"}, ["identity"])
        self.registry = self.enterContext(
            BadRegistry(token_auth=self.token_auth))
        self.registry.add("team/app", "1.0", IMAGE)

    def test_without_a_token_the_way_to_one_is_shown(self):
        answer, _ = self.ask("GET", MANIFEST_PATH)

        self.assertEqual(answer.status, 401)
        self.assertEqual(
            answer.getheader("WWW-Authenticate"),
            f'Bearer realm="http://127.0.0.1:{self.registry.port}/token",'
            'service="lab",scope="repository:team/app:pull"')

    def test_a_password_and_an_identity_token_are_changed_into_tokens(self):
        for request in (("GET", "/token", basic("robot:password")),
                        ("POST", "/token", {}, b"refresh_token=identity")):
            with self.subTest(request[0]):
                given, text = self.ask(*request)
                token = json.loads(text)["token"]
                answer, manifest = self.ask(
                    "GET", MANIFEST_PATH, {"Authorization": f"Bearer {token}"})

                self.assertEqual((given.status, answer.status), (200, 200))
                self.assertEqual(manifest, IMAGE.manifest)

    def test_a_wrong_password_gets_no_token_and_is_repeated(self):
        answer, text = self.ask("GET", "/token", basic("robot:stale"))

        self.assertEqual(answer.status, 401)
        self.assertIn(b"robot:stale", text)
        self.assertEqual(len(self.token_auth.refused), 1)

    def ask(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection(
            self.registry.host, self.registry.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer, answer.read()


def basic(account):
    value = base64.b64encode(account.encode()).decode()
    return {"Authorization": f"Basic {value}"}


if __name__ == "__main__":
    unittest.main(verbosity=2)
