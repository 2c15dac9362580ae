#include "src/pull/error_class.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/redact.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

struct Seen {
  std::string text;
  absl::string_view where;
  Code code = Code::kUnknown;
};

void ExpectEach(const ErrorClass& expected, const std::vector<Seen>& rows) {
  for (const Seen& row : rows) {
    SCOPED_TRACE(absl::StrCat(row.where, ": ", row.text.substr(0, 400)));
    const ErrorClass found = Classify(absl::Status(row.code, row.text));
    EXPECT_EQ(ReasonName(found.reason), ReasonName(expected.reason));
    EXPECT_EQ(found.retry, expected.retry);
    EXPECT_EQ(found.retry_after, expected.retry_after);
    EXPECT_EQ(found.bad_bytes, expected.bad_bytes);
  }
}

const std::string kA =
    "sha256:429f13b2af02e3500c04bbf1d5b503504e401a429aa4d4cc403dd2e5031429";
const std::string kB =
    "sha256:5030b45a76d42f5df4c9d9ec2bf2d26cbbfa1ad3dc5a50429d3f5a9b3b8429";
const std::string kUrl = "https://quay.io:443/v2/team/app/manifests/1.2";
const std::string kTime = "2026-01-02 03:04:05 +0000 UTC m=+8.1";

std::string Containerd(absl::string_view why) {
  return absl::StrCat(
      "failed to pull and unpack image \"quay.io/team/app:1.2\": ", why);
}
std::string Resolve(absl::string_view why) {
  return Containerd(absl::StrCat(
      "failed to resolve reference \"quay.io/team/app:1.2\": ", why));
}
std::string Head(absl::string_view why) {
  return Resolve(
      absl::StrCat("failed to do request: Head \"", kUrl, "\": ", why));
}
std::string Copy(absl::string_view why) {
  return Containerd(
      absl::StrCat("failed to copy: httpReadSeeker: failed open: ", why));
}
std::string Crio(absl::string_view why) {
  return absl::StrCat("initializing source docker://quay.io/team/app:1.2: ",
                      why);
}
std::string Manifest(absl::string_view why) {
  return Crio(absl::StrCat("reading manifest 1.2 in quay.io/team/app: ", why));
}
std::string Ping(absl::string_view why) {
  return Crio(absl::StrCat(
      "pinging container registry quay.io: Get \"https://quay.io/v2/\": ",
      why));
}
// CRI-O 1.34 and later.
std::string Both(absl::string_view image, absl::string_view artifact) {
  return absl::StrCat("unable to pull image or OCI artifact: pull image err: ",
                      image, "; artifact err: ", artifact);
}
std::string Mirrored(absl::string_view mirror, absl::string_view primary) {
  return Crio(absl::StrCat(
      "(Mirrors also failed: [m.example:5000/team/app:1.2: ", mirror,
      "]\n[m2.example/team/app:1.2: ", mirror,
      "]): quay.io/team/app:1.2: ", primary));
}

TEST(ClassifyTest, DoesNotRetryAMissingImage) {
  ExpectEach(
      {Reason::kNotFound, Retry::kNever},
      {{Resolve("quay.io/team/app:1.2: not found"),
        "containerd 1.6.20, 1.7.24 [lab]", Code::kNotFound},
       {Containerd("failed to resolve image: quay.io/team/app:1.2: not found"),
        "containerd 2.1.9, transfer service [lab]", Code::kNotFound},
       {Manifest("manifest unknown"), "CRI-O"},
       {Manifest("manifest unknown: manifest unknown"), "crio#4388"},
       {Manifest("repository name not known to registry"), "CRI-O"},
       {Manifest("invalid status code from registry 404 (Not Found)"),
        "CRI-O, old [src]"},
       {"manifest unknown]): (Mirrors also failed: ", "a list that has no end"},
       {Manifest("name unknown: Not Found"), "CRI-O"},
       {Manifest("StatusCode: 404, \"<html>\\n<head>\\\"\""),
        "CRI-O, registry without JSON errors [src]"},
       {Both(Manifest("manifest unknown"),
             "initializing source: unauthorized: authentication required"),
        "CRI-O 1.34"},
       {Mirrored("pinging container registry m.example:5000: Get "
                 "\"https://m.example:5000/v2/\": dial tcp: i/o timeout",
                 "reading manifest 1.2 in quay.io/team/app: manifest unknown"),
        "CRI-O with registries.conf mirrors"}});
}

TEST(ClassifyTest, TriesForAMinuteWhatNoRegistryWouldAnswer) {
  ExpectEach(
      {Reason::kRegistryUnavailable, Retry::kForAMinute},
      {{Copy("could not fetch content descriptor " + kA +
             " (text/html) from remote: not found"),
        "containerd 1.6.20, 1.7.24, 2.1.9: a page for a manifest [lab]",
        Code::kNotFound},
       {Copy("could not fetch content descriptor " + kA +
             " (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not "
             "found"),
        "containerd 1.6.20, 1.7.24, 2.1.9: a lost layer [lab]",
        Code::kNotFound},
       {Containerd("failed to unpack image on snapshotter overlayfs: "
                   "unexpected media type text/html for " +
                   kA + ": not found"),
        "containerd 1.6.20, 1.7.24: a page for everything [lab]",
        Code::kNotFound},
       {"get image config descriptor: unexpected media type application/json "
        "for " +
            kA + ": not found",
        "containerd 2.1.9 [lab]", Code::kNotFound},
       {Containerd("unable to fetch descriptor (" + kA +
                   ") which reports content size of zero: invalid argument"),
        "containerd 1.6.20, 1.7.24, 2.1.9: an empty answer [lab]",
        Code::kInvalidArgument},
       {Containerd("Target.MediaType must be set: invalid argument"),
        "containerd 1.6.20, 1.7.24, 2.1.9: without Content-Type [lab]",
        Code::kInvalidArgument},
       {Resolve("invalid character '<' looking for beginning of value"),
        "containerd 1.6.20, 1.7.24: text/plain [lab]"},
       {Resolve("failed to authorize: failed to fetch anonymous token: unable "
                "to decode token response: invalid character '<' looking for "
                "beginning of value"),
        "containerd [src]: a page instead of a token"},
       {Resolve("failed to authorize: failed to fetch oauth token: invalid "
                "character '<' looking for beginning of value"),
        "containerd, token server behind a login page"},
       {Both("initializing image from source "
             "docker://quay.io/team/app:1.2: invalid character '<' looking "
             "for beginning of value",
             "parse manifest: invalid character '<' looking for beginning of "
             "value"),
        "CRI-O 1.37 [lab]"},
       {Both("initializing image from source "
             "docker://quay.io/team/app:1.2: unexpected end of JSON input",
             "parse manifest: unexpected end of JSON input"),
        "CRI-O 1.37 [lab]"},
       {Both("initializing image from source "
             "docker://quay.io/team/app:1.2: unsupported schema version 0",
             "parse manifest: unsupported schema version 0"),
        "CRI-O 1.37 [lab]"},
       {Both("parsing image configuration: Download config.json digest " + kA +
                 " does not match expected " + kB,
             "reference is a container image, not an OCI artifact"),
        "CRI-O 1.37: a page for the configuration [lab]"},
       {"parsing image configuration: fetching blob: blob unknown to registry",
        "CRI-O"},
       {"parsing image configuration: fetching blob: manifest unknown: gone",
        "CRI-O 1.37 [lab]"},
       {"fetching blob: StatusCode: 404, \"gone\"", "CRI-O"}});
}

TEST(ClassifyTest, TakesAnAnswerThatIsTooShortForAPage) {
  ExpectEach(
      {.reason = Reason::kRegistryUnavailable,
       .retry = Retry::kWholeBudget,
       .bad_bytes = true},
      {{Containerd("failed to read expected number of bytes: unexpected EOF"),
        "containerd 1.6.20, 1.7.24 [lab]"},
       {Containerd(
            "short read: expected 429 bytes but got 503: unexpected EOF"),
        "containerd 2.1.9 [lab]"},
       {Containerd("failed commit on ref \"layer-" + kA +
                   "\": unexpected commit size 429, expected 401: failed "
                   "precondition"),
        "containerd before 2.1.4", Code::kFailedPrecondition}});
}

TEST(ClassifyTest, RetriesDamagedContentForAMinute) {
  ExpectEach(
      {.reason = Reason::kNotUsable,
       .retry = Retry::kForAMinute,
       .bad_bytes = true},
      {{Containerd("failed commit on ref \"layer-" + kA +
                   "\": unexpected commit digest " + kA + ", expected " + kB +
                   ": failed precondition"),
        "containerd 1.6.20, 1.7.24, 2.1.9 [lab]", Code::kFailedPrecondition},
       {Containerd("failed commit on ref \"layer-" + kA + "\": \"layer-" + kA +
                   "\" failed size validation: 600006 != 501823: failed "
                   "precondition"),
        "containerd 1.6.20, 1.7.24, 2.1.9, a page longer than the layer [lab]",
        Code::kFailedPrecondition},
       {Containerd("failed commit on ref \"config-" + kA + "\": \"config-" +
                   kA +
                   "\" failed size validation: 8040 != 193: failed "
                   "precondition"),
        "containerd 1.6.20, 1.7.24, 2.1.9 [lab]", Code::kFailedPrecondition},
       {"writing blob: storing blob to file "
        "\"/var/tmp/container_images_storage1/1\": happened during read: "
        "Digest did not match, expected " +
            kA + ", got " + kB,
        "CRI-O 1.37 [lab]"}});
}

TEST(ClassifyTest, RetriesFewTimesWhatTheRuntimesOwnStoreHasLost) {
  ExpectEach(
      {Reason::kUnknown, Retry::kFewTimes},
      {{Containerd(
            "failed to prepare extraction snapshot \"extract-7952-7389 " + kA +
            "\": parent snapshot " + kB + " does not exist: not found"),
        "containerd#8173", Code::kNotFound},
       {Containerd(
            "failed to unpack image on snapshotter overlayfs: content digest " +
            kA + ": not found"),
        "containerd#3604, moby#52411", Code::kNotFound}});
}

TEST(ClassifyTest, TriesTheNextCredentialWhenOneIsRefused) {
  ExpectEach(
      {Reason::kUnauthorized, Retry::kNextCredential},
      {{Resolve("pulling from host quay.io failed with status code [manifests "
                "1.2]: 401 Unauthorized"),
        "containerd 1.6.20 [lab]"},
       {Resolve("pulling from host quay.io failed with status code [manifests "
                "1.2]: 401"),
        "the same through a proxy that leaves out the words"},
       {Resolve("unexpected status from HEAD request to " + kUrl +
                ": 401 Unauthorized"),
        "containerd 1.7.24, 2.1.9 [lab]"},
       {Resolve("failed to authorize: failed to fetch anonymous token: "
                "unexpected status: 403 Forbidden"),
        "containerd 1.6.20 [lab]"},
       {Resolve("failed to authorize: failed to fetch oauth token: unexpected "
                "status from GET request to "
                "https://auth.quay.io/token?scope=x: 403 Forbidden"),
        "containerd 1.7.24, 2.1.9 [lab]"},
       {Resolve("pull access denied, repository does not exist or may require "
                "authorization: server message: insufficient_scope: "
                "authorization failed"),
        "containerd, all [lab]"},
       {Resolve(
            "pull access denied, repository does not exist or may require "
            "authorization: authorization failed: no basic auth credentials"),
        "containerd 1.7.24, 2.1.9 [lab]"},
       {"pull access denied for team/app, repository does not exist or may "
        "require 'docker login'",
        "cri-dockerd"},
       {Resolve("authorization failed"), "containerd [src]"},
       {Resolve("no basic auth credentials"), "containerd [src]"},
       {Resolve("pulling from host quay.io failed with status code [manifests "
                "1.2]: 403 Forbidden"),
        "containerd 1.6.20 [lab]"},
       {Copy("unexpected status code " + kUrl +
             ": 403 Forbidden - Server message: denied: no licence"),
        "containerd 1.7.24 [lab]"},
       {Manifest(
            "unauthorized: access to the requested resource is not authorized"),
        "CRI-O, quay.io"},
       {Manifest("authentication required"), "CRI-O"},
       {Manifest("errors:\ndenied: requested access to the resource is "
                 "denied\nunauthorized: authentication required"),
        "podman#2073"},
       {Manifest("requested access to the resource is denied"), "crio#2331"},
       {Manifest("denied: denied"), "CRI-O, ghcr.io"},
       {Crio("unable to retrieve auth token: invalid username/password: "
             "unauthorized: incorrect username or password"),
        "CRI-O, Docker Hub"},
       {Crio("unable to retrieve auth token: invalid username/password"),
        "CRI-O"},
       {Manifest("StatusCode: 403, \"<html>...\""), "CRI-O"},
       {Manifest("StatusCode: 401, \"\""), "CRI-O"},
       {Manifest("error parsing HTTP 401 response body: unexpected end of JSON "
                 "input: \"\""),
        "podman#10322"},
       {Both(Manifest("Forbidden"), "manifest unknown"), "CRI-O 1.34"},
       {"parse server address: parse \"x:y\": invalid port",
        "containerd [lab]"},
       {"illegal base64 data at input byte 4", "containerd [lab]"},
       {"invalid decoded auth: \"nocolon\"", "containerd [lab]"},
       {"no", "canonical code, STYLE 3.3", Code::kUnauthenticated},
       {"no", "canonical code, STYLE 3.3", Code::kPermissionDenied}});
}

TEST(ClassifyTest, ClosesTheGateOnARateLimit) {
  ExpectEach(
      {Reason::kRateLimited, Retry::kLater},
      {{Resolve("pulling from host quay.io failed with status code [manifests "
                "1.2]: 429 Too Many Requests"),
        "containerd 1.6.20 [lab]"},
       {Resolve("unexpected status from HEAD request to " + kUrl +
                ": 429 Too Many Requests"),
        "containerd 1.7.24, 2.1.9 [lab]"},
       {Resolve("unexpected status from HEAD request to " + kUrl + ": 429 "),
        "the same over HTTP/1.1 without a reason phrase"},
       {Copy("unexpected status code " + kUrl +
             ": 429 Too Many Requests - Server message: toomanyrequests: You "
             "have reached your pull rate limit. You may increase the limit by "
             "authenticating and upgrading: https://www.docker.com/increase"),
        "containerd 1.6.20, 1.7.24 [lab]; networkop/k8s-topo#16"},
       {Copy("unexpected status from GET request to " + kUrl +
             ": 429 Too Many Requests\ntoomanyrequests: You have reached your "
             "unauthenticated pull rate limit"),
        "containerd 2.1.9 [lab]"},
       {Resolve("failed to authorize: failed to fetch anonymous token: "
                "unexpected status: 429 Too Many Requests"),
        "containerd, token server"},
       {Resolve("unexpected status from HEAD request to " + kUrl +
                ": 429 Too Many Requests"),
        "should a runtime map the code", Code::kResourceExhausted},
       {Manifest("toomanyrequests: You have reached your pull rate limit"),
        "containerd#5748 (podman's text, that of CRI-O)"},
       {Ping("too many requests to registry"), "CRI-O"},
       {Manifest("StatusCode: 429, \"slow down\""), "CRI-O"},
       {Both(Manifest("toomanyrequests: Rate exceeded"), "manifest unknown"),
        "CRI-O 1.34"},
       {"response status code 429: slow down", "falcosecurity/plugins#1069"}});
}

TEST(ClassifyTest, ReadsHowLongToStayAway) {
  const auto after = [](absl::Duration pause) {
    return ErrorClass{Reason::kRateLimited, Retry::kLater, pause};
  };
  const std::string limit = Manifest("toomanyrequests: ");

  ExpectEach(
      after(absl::Nanoseconds(880092)),
      {{limit + "retry-after: 880.092\xC2\xB5s, allowed: 44000/minute",
        "dependabot/cli#380, ghcr.io"},
       {limit + "retry-after: 880.092\xCE\xBCs", "the other micro sign"}});
  ExpectEach(after(absl::Microseconds(1166.76)),
             {{limit + "retry-after: 1.16676ms, allowed: 44000",
               "falcosecurity/plugins#1069"}});
  ExpectEach(
      after(absl::Seconds(34)),
      {{limit + "Retry-After: 34s", "Go duration"},
       {limit + "retry-after: 34", "HTTP header"},
       {limit + "retry-after: 34 seconds.", "prose"},
       {limit + "please retry-after: 34s.", "end of sentence"},
       {Manifest(
            "StatusCode: 429, \"{\\\"message\\\":\\\"retry-after: 34\\\"}\""),
        "CRI-O, in the quoted body"}});
  ExpectEach(after(absl::Hours(24)),
             {{limit + "retry-after: 25h", "absurd"},
              {limit + "retry-after: 999999999", "absurd"},
              {limit + "retry-after: " + std::string(39, '9'), "absurd"},
              {limit + "retry-after: 1e400", "absurd"}});
}

TEST(ClassifyTest, IgnoresARetryAfterThatIsNoDuration) {
  const std::string limit = Manifest("toomanyrequests: ");

  ExpectEach(
      {Reason::kRateLimited, Retry::kLater},
      {{limit + "retry-after: -5s", "negative"},
       {limit + "retry-after: inf", "Abseil's infinity"},
       {limit + "retry-after: 5parsecs", "no unit"},
       {limit + "retry-after: Wed, 21 Oct 2026 07:28:00 GMT", "HTTP date"},
       {limit + "retry-after: ", "nothing"},
       {limit + "retry-after: " + std::string(100000, '9'), "endless"}});
  ExpectEach({Reason::kRegistryUnavailable, Retry::kWholeBudget},
             {{Manifest("retry-after: 34, i/o timeout"),
               "said only for rate limits"}});
}

TEST(ClassifyTest, RetriesNetworkTroubleForTheWholeBudget) {
  const std::string tcp = "dial tcp 10.0.0.7:443: ";

  ExpectEach(
      {Reason::kRegistryUnavailable, Retry::kWholeBudget},
      {{Resolve("pulling from host quay.io failed with status code [manifests "
                "1.2]: 500 Internal Server Error"),
        "containerd 1.6.20 [lab]"},
       {Resolve("unexpected status from HEAD request to " + kUrl +
                ": 502 Bad Gateway"),
        "containerd 1.7.24, 2.1.9 [lab]"},
       {Copy("unexpected status code " + kUrl + ": 503 Service Unavailable"),
        "containerd 1.6.20, 1.7.24 [lab]"},
       {Copy("unexpected status from GET request to " + kUrl +
             ": 504 Gateway Timeout"),
        "should a runtime map the code", Code::kUnavailable},
       {Resolve("unexpected status from HEAD request to " + kUrl +
                ": 500 Internal Server Error\nunknown: write /data/429: no "
                "space left on device"),
        "the registry's disk, not the node's"},
       {Resolve("failed to authorize: failed to fetch anonymous token: "
                "unexpected status: 503 Service Unavailable"),
        "containerd, token server"},
       {Head(tcp + "connect: connection refused"), "containerd, all [lab]"},
       {Head("dial tcp: lookup quay.io on 10.0.0.1:53: no such host"),
        "containerd, all [lab]"},
       {Head("dial tcp: lookup quay.io: Temporary failure in name resolution"),
        "glibc's resolver"},
       {Head("dial tcp: lookup quay.io on 10.0.0.1:53: server misbehaving"),
        "Go's resolver on SERVFAIL"},
       {Head(tcp + "i/o timeout"), "containerd"},
       {Head("net/http: TLS handshake timeout"), "containerd"},
       {Head("read tcp 10.0.0.2:5000->10.0.0.7:443: read: connection reset by "
             "peer"),
        "containerd"},
       {Head("EOF"), "containerd"},
       {Head(tcp + "connect: connection timed out"), "Go"},
       {Head(tcp + "connect: no route to host"), "Go"},
       {Head(tcp + "connect: network is unreachable"), "Go"},
       {Head("context deadline exceeded (Client.Timeout exceeded while "
             "awaiting headers)"),
        "Go"},
       {Manifest("received unexpected HTTP status: 503 Service Unavailable"),
        "CRI-O"},
       {Ping("dial tcp 10.0.0.7:443: i/o timeout"), "CRI-O"},
       {"error pinging docker registry quay.io: Get \"https://quay.io/v2/\": "
        "dial tcp 10.0.0.7:443: i/o timeout",
        "CRI-O, old"},
       {"RegistryUnavailable: the registry does not answer", "CRI-O"},
       {"RegistryUnavailable: the registry does not answer",
        "the kubelet's word for it, whatever the code", Code::kUnavailable},
       {"writing blob: happened during read: (heuristic tuning data: last "
        "retry 0, current offset 429; 503 ms total, 401 ms since progress): "
        "unexpected EOF",
        "CRI-O [src]"},
       {absl::StrCat("unable to pull image: ", Ping(tcp + "i/o timeout")),
        "CRI-O 1.36"},
       {Both(Ping(tcp + "i/o timeout"),
             "reference is a container image, not an OCI artifact"),
        "CRI-O 1.34"}});
}

TEST(ClassifyTest, TriesWhatDoesNotUnpackFewTimes) {
  const std::string decoder =
      "failed to get stream processor for "
      "application/vnd.oci.image.layer.v1.tar+gzip+encrypted: exec: "
      "\"ctd-decoder\": executable file not found in $PATH";
  const std::string adding =
      "writing blob: adding layer with blob \"" + kA + "\"/\"\"/\"" + kB;
  ExpectEach(
      {Reason::kNotUsable, Retry::kFewTimes},
      {{Containerd("failed to extract layer " + kA +
                   ": mount callback failed on /x: unexpected EOF: unknown"),
        "may be listed afterwards (DESIGN 1)"},
       {Containerd("failed to extract layer " + kA +
                   ": mount callback failed on /x: archive/tar: invalid tar "
                   "header: unknown"),
        "containerd 1.6.20, 1.7.24 [lab]"},
       {Containerd("failed to extract layer "
                   "(application/vnd.oci.image.layer.v1.tar+gzip " +
                   kA + ") to overlayfs as \"extract-6-V5oW " + kA +
                   "\": mount callback failed on /x: archive/tar: invalid tar "
                   "header"),
        "containerd 2.1.9 [lab]"},
       {Containerd("failed to extract layer " + kA + ": " + decoder +
                   ": unknown"),
        "containerd 1.7.24 [lab]"},
       {Containerd("failed to extract layer "
                   "(application/vnd.oci.image.layer.v1.tar+gzip+encrypted " +
                   kA + ") to overlayfs as \"extract-8-5Jvk " + kA +
                   "\": " + decoder),
        "containerd 2.1.9 [lab]"},
       {Containerd("wrong diff id calculated on extraction \"" + kA + "\""),
        "containerd 1.6.20, 1.7.24, 2.1.9 [lab]"},
       {Containerd("no signatures"),
        "containerd 1.6.20, 1.7.24: schema 1 without any [lab]"},
       {adding + "\": ApplyLayer stdout:  stderr: archive/tar: invalid tar "
                 "header exit status 1",
        "CRI-O 1.37 [lab]"},
       {adding + "\": processing tar file(exit status 1): unexpected EOF",
        "CRI-O [src]"},
       {"writing blob: layer 0 (blob \"" + kA + "\"/\"\"/\"" + kB +
            "\") does not match config's DiffID \"" + kA + "\"",
        "CRI-O 1.37 [lab]"},
       {Both("decrypting layer " + kA +
                 ": missing private key needed for decryption:\n",
             "reference is a container image, not an OCI artifact"),
        "CRI-O 1.37 [lab]"},
       {Both("initializing image from source "
             "docker://quay.io/team/app:1.2: no FSLayers in manifest",
             "parse manifest: no FSLayers in manifest"),
        "CRI-O 1.37: schema 1 without any [lab]"}});
}

TEST(ClassifyTest, AnUnpackThatWasInterruptedSaysNothingOfTheImage) {
  ExpectEach({Reason::kNotUsable, Retry::kWholeBudget},
             {{Containerd("failed to extract layer " + kA +
                          ": context canceled: unknown"),
               "may be listed afterwards (DESIGN 1)"}});
}

TEST(ClassifyTest, StopsTheRunWhenTheDiskIsFull) {
  ExpectEach(
      {Reason::kNoSpace, Retry::kStopRun},
      {{Containerd("failed to extract layer " + kA +
                   ": mount callback failed on "
                   "/var/lib/containerd/tmpmounts/containerd-mount42: write "
                   "/usr/bin/x: no space left on device: unknown"),
        "containerd 1.6.20 [lab]"},
       {Containerd("failed to extract layer "
                   "(application/vnd.oci.image.layer.v1.tar+gzip " +
                   kA + ") to overlayfs as \"extract-7-x " + kB +
                   "\": write /x: no space left on device"),
        "containerd 2.x"},
       {Containerd("failed to copy: write /var/lib/containerd/x/data: no space "
                   "left on device"),
        "containerd, content store"},
       {"writing blob: storing blob to file \"/var/tmp/container_images_1\": "
        "write /var/tmp/container_images_1: no space left on device",
        "crio#5187"},
       {"writing blob: adding layer with blob \"" + kA +
            "\": processing tar file(write /usr/lib/x: no space left on "
            "device): exit status 1",
        "CRI-O"},
       {Containerd("failed to copy: write /x: disk quota exceeded"), "EDQUOT"},
       {Containerd("failed to copy: open /x: read-only file system"),
        "EROFS"}});
}

TEST(ClassifyTest, DoesNotCountWhatIsNotTheImagesDoing) {
  ExpectEach(
      {Reason::kUnknown, Retry::kUncounted},
      {{"lease does not exist: not found",
        "containerd 1.6.20, 1.7.24, 2.1.9 [lab]", Code::kNotFound},
       {Containerd("failed commit on ref \"layer-" + kA +
                   "\": rename /var/lib/containerd/ingest/429/data "
                   "/var/lib/containerd/blobs/x: no such file or directory"),
        "containerd, lease deleted under a pull [lab]"}});
  ExpectEach({Reason::kStalled, Retry::kUncounted},
             {{Containerd("ref layer-" + kA + " locked for 429ms (since " +
                          kTime + "): unavailable"),
               "containerd", Code::kUnavailable}});
  ExpectEach({Reason::kRuntimeUnavailable, Retry::kUncounted},
             {{"server is not initialized yet", "containerd 1.x"},
              {"server is not initialized yet", "containerd 2.x",
               Code::kUnavailable}});
}

TEST(ClassifyTest, WaitsForARuntimeThatIsGone) {
  ExpectEach(
      {Reason::kRuntimeUnavailable, Retry::kAwaitRuntime},
      {{"failed to connect to all addresses; last error: UNKNOWN: "
        "unix:/run/containerd/containerd.sock: No such file or directory",
        "gRPC 1.51 [lab]", Code::kUnavailable},
       {"failed to connect to all addresses; last error: UNKNOWN: "
        "unix:/run/containerd/containerd.sock: Connection refused",
        "gRPC 1.51", Code::kUnavailable},
       {"Socket closed", "gRPC 1.51", Code::kUnavailable},
       {"recvmsg:Connection reset by peer", "gRPC 1.51", Code::kUnavailable},
       {"Connection reset by peer", "gRPC", Code::kUnavailable},
       {"GOAWAY received; Error code: 0; Debug Text: ", "gRPC",
        Code::kUnavailable},
       {"", "gRPC", Code::kUnavailable},
       {"Stream removed", "gRPC C core"},
       {"unknown service runtime.v1.ImageService",
        "containerd with disabled_plugins=[\"cri\"] [lab]",
        Code::kUnimplemented}});
}

TEST(ClassifyTest, TakesACancelThatNobodyAskedForAsAStall) {
  ExpectEach({Reason::kStalled, Retry::kWholeBudget},
             {{Containerd("context canceled"),
               "containerd 1.7.24, 2.1.9 as grpc_status hands it on [lab]",
               Code::kAborted},
              {Containerd("context canceled"), "containerd 1.7.24, 2.1.9 [lab]",
               Code::kCancelled},
              {"copying system image from manifest list: copying config: "
               "context canceled",
               "crio#8760, crio#8764", Code::kAborted},
              {Both("copying config: context canceled", "context canceled"),
               "CRI-O 1.34"},
              {Resolve("failed to authorize: failed to fetch oauth token: "
                       "context canceled"),
               "containerd"},
              {Containerd("aborted"), "containerd#12811", Code::kAborted},
              {"RST_STREAM closed stream", "gRPC", Code::kCancelled}});
  ExpectEach({Reason::kTimeout, Retry::kWholeBudget},
             {{"Deadline Exceeded", "gRPC C core", Code::kDeadlineExceeded},
              {"4", "another text", Code::kDeadlineExceeded},
              {Head("context deadline exceeded"), "Go"}});
}

TEST(ClassifyTest, DoesNotRetryABadCertificate) {
  const std::string tls = "tls: failed to verify certificate: ";
  const std::string sans =
      "x509: cannot validate certificate for 10.0.0.7 because it doesn't "
      "contain any IP SANs";

  ExpectEach(
      {Reason::kCertificateInvalid, Retry::kNever},
      {{Head(sans), "containerd 1.6.20 [lab]"},
       {Head(tls + sans), "containerd 1.7.24, 2.1.9 [lab]"},
       {Head(tls + "x509: certificate signed by unknown authority"),
        "containerd"},
       {Head(tls + "x509: certificate is valid for a.example, not quay.io"),
        "containerd"},
       {Head("tls: first record does not look like a TLS handshake"),
        "containerd [lab]"},
       {Head("http: server gave HTTP response to HTTPS client"), "containerd"},
       {Ping("x509: certificate signed by unknown authority"), "crio#5798"}});
  ExpectEach(
      {Reason::kCertificateInvalid, Retry::kWholeBudget},
      {{Head(tls + "x509: certificate has expired or is not yet valid: current "
                   "time 1970-01-01T00:00:07Z is before 2026-01-01T00:00:00Z"),
        "a node whose clock is not set yet"}});
}

TEST(ClassifyTest, DoesNotRetryWhatNoNodeLikeThisCanRun) {
  const std::string schema1 =
      "media type "
      "\"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no "
      "longer supported since containerd v2.1, please rebuild the image";

  ExpectEach(
      {Reason::kPlatformMismatch, Retry::kNever},
      {{Containerd("no match for platform in manifest: not found"),
        "containerd 1.6.20, 1.7.24 [lab]", Code::kNotFound},
       {"get image config descriptor: no match for platform in manifest " + kA +
            ": not found",
        "containerd 2.1.9 [lab]", Code::kNotFound},
       {"choosing an image from manifest list docker://quay.io/team/app:1.2: "
        "no image found in manifest list for architecture \"arm64\", variant "
        "\"v8\", OS \"linux\"",
        "CRI-O"},
       {"choosing image instance: no image found in image index for "
        "architecture \"arm64\", variant \"\", OS \"linux\"",
        "CRI-O"},
       {"no matching manifest for linux/arm64 in the manifest list entries",
        "cri-dockerd"}});
  ExpectEach(
      {Reason::kNotUsable, Retry::kNever},
      {{Containerd("failed to unpack image on snapshotter overlayfs: "
                   "mismatched image rootfs and manifest layers"),
        "containerd [lab]"},
       {Containerd("unexpected media type application/vnd.acme.denied+json "
                   "for " +
                   kA + ": not found"),
        "containerd: an artifact", Code::kNotFound},
       {Resolve("not implemented: " + schema1), "containerd 2.0",
        Code::kUnimplemented},
       {Containerd("schema 1 image manifests are no longer supported: invalid "
                   "argument"),
        "containerd 2.0", Code::kInvalidArgument},
       {Resolve(
            "rejecting 429 byte manifest for quay.io/team/app:1.2: not found"),
        "containerd", Code::kNotFound},
       {"image verifier bindir blocked pull of quay.io/team/app:1.2 with "
        "digest " +
            kA + " for reason: no space left on device, unauthorized",
        "containerd 2.1"},
       {"parsing image configuration: unsupported image-specific operation on "
        "artifact with type \"application/vnd.devcontainers\"",
        "podman#22738"},
       {"SignatureValidationFailed: copying system image: Source image "
        "rejected: A signature was required, but no signature exists",
        "CRI-O"}});
}

TEST(ClassifyTest, DoesNotRetryABadReference) {
  ExpectEach(
      {Reason::kInvalidReference, Retry::kNever},
      {{"failed to parse image reference \"A:B:C\": invalid reference format",
        "containerd [lab]"},
       {"failed to parse image reference \"UPPER\": invalid reference format: "
        "repository name must be lowercase",
        "containerd [lab]"},
       {"short-name \"app:1\" did not resolve to an alias and no "
        "unqualified-search registries are defined in "
        "\"/etc/containers/registries.conf\"",
        "CRI-O"},
       {"short name mode is enforcing, but image name app returns ambiguous "
        "list",
        "CRI-O"}});
  ExpectEach({Reason::kUnknown, Retry::kNever},
             {{"grpc: received message larger than max (5000000 vs. 4194304)",
               "gRPC", Code::kResourceExhausted}});
}

TEST(ClassifyTest, RetriesWhatItDoesNotKnow) {
  ExpectEach(
      {Reason::kUnknown, Retry::kWholeBudget},
      {{"", "no text at all"},
       {"pullImage was aborted by a Go panic", "CRI-O"},
       {"pull image: signal: killed", "CRI-O, separate_pull_cgroup"},
       {"blocking pull of quay.io/team/app:1.2 with digest " + kA +
            ": image verifier bindir returned error: unauthorized",
        "containerd 2.1"},
       {"unknown method StreamImages for service runtime.v1.ImageService",
        "containerd [lab]", Code::kUnimplemented},
       {"too_many_pings", "gRPC", Code::kResourceExhausted},
       {"layer larger than max", "of no use without its code"},
       {"plugin: unknown service x", "of no use without its code"},
       {"exec: \"unpigz\": executable file not found in $PATH",
        "of no use without its code"},
       {"fetching blob: StatusCode: 400, \"\"", "no missing part"},
       {"boom", "-", Code::kInternal}});
}

// What people name things says nothing about what went wrong.
TEST(ClassifyTest, IsNotFooledByNames) {
  const std::string names[] = {"unauthorized",
                               "429",
                               "no-space-left-on-device",
                               "manifest-unknown",
                               "toomanyrequests",
                               "x509",
                               "short-name",
                               "forbidden",
                               "name-unknown"};
  for (const std::string& name : names) {
    const std::string tagged =
        absl::StrCat("registry.k8s.io/", name, ":", name);
    const std::string url =
        absl::StrCat("https://", name, ":429/v2/", name, "/manifests/", name,
                     "?error=toomanyrequests&next=/429 ");
    ExpectEach(
        {Reason::kUnknown, Retry::kWholeBudget},
        {{absl::StrCat("failed to pull and unpack image \"", tagged,
                       "\": failed to do request: Head \"", url, "\": boom"),
          name},
         {absl::StrCat("failed to resolve ", tagged, ": boom"), name},
         {absl::StrCat("failed to resolve ", name, ".example: boom"), name},
         {absl::StrCat(name, ":429: boom"), name},
         {absl::StrCat("reading ", url, ": boom"), name},
         {absl::StrCat("Head \"", url, ": cut in the middle"), name},
         {absl::StrCat("pulling from host ", name,
                       " failed with status code [manifests ", name, "]: boom"),
          name},
         {absl::StrCat("pinging container registry ", name, ": boom"), name},
         {absl::StrCat("error pinging docker registry ", name, ": boom"), name},
         {absl::StrCat("lookup ", name, " on [fd00::1]:53: x"), name},
         {absl::StrCat("unpack image on snapshotter ", name, ": boom"), name},
         {absl::StrCat("image verifier ", name, " broke"), name},
         {absl::StrCat("open /var/", name, "/429: boom"), name}});
    ExpectEach({Reason::kNotFound, Retry::kNever},
               {{absl::StrCat("reading manifest ", name, " in registry.k8s.io/",
                              name, ": manifest unknown"),
                 name}});
    ExpectEach(
        {Reason::kInvalidReference, Retry::kNever},
        {{absl::StrCat("image name ", name, " returns ambiguous list"), name}});
  }
}

TEST(ClassifyTest, TakesOnlyStatusesForStatuses) {
  ExpectEach({Reason::kUnknown, Retry::kWholeBudget},
             {{"layer " + kA + " and " + kB, "digests"},
              {"wrote 429 of 503 bytes", "sizes"},
              {"port 429: 10.0.0.7:429: 4290 503x", "ports"},
              {"exit status 429", "exit status"},
              {"retry-after: 503", "pause"},
              {"status: 200 OK", "a good status"},
              {"status: 4o4", "no number"}});
}

TEST(ClassifyTest, IsNotFooledByQuotations) {
  ExpectEach(
      {Reason::kUnauthorized, Retry::kNextCredential},
      {{Manifest("StatusCode: 403, \"a \\\" no space left on device \\\\\""),
        "a body with escaped quotes"}});
  ExpectEach(
      {Reason::kNoSpace, Retry::kStopRun},
      {{"a 3\" disk\nwrite /x: no space left on device",
        "a quote that ends nowhere"},
       {"a 3\" disk: no space left on device", "a quote that ends nowhere"}});
}

TEST(ClassifyTest, SurvivesMegabytesOfHostileText) {
  constexpr size_t kMany = 1 << 20;
  const std::string texts[] = {std::string(kMany, '"'),
                               std::string(kMany, '\\'),
                               std::string(kMany, ' '),
                               std::string(kMany, '\n'),
                               std::string(kMany, '\xFF'),
                               std::string(kMany, '\0'),
                               std::string(kMany, ':'),
                               std::string(kMany, '/'),
                               std::string("\"\\") + std::string(kMany, '\\')};
  for (const std::string& text : texts) {
    ExpectEach({Reason::kUnknown, Retry::kWholeBudget},
               {{text, "hostile"},
                {"pull image err: " + text, "hostile"},
                {text + "]): (Mirrors also failed: ", "-"}});
    ExpectEach({Reason::kNotFound, Retry::kNever},
               {{text + "\n manifest unknown", "hostile"}});
  }
}

TEST(ReasonNameTest, IsTheWordOfTheStatusFile) {
  EXPECT_EQ(ReasonName(Reason::kNone), "");
  EXPECT_EQ(ReasonName(Reason::kInterrupted), "Interrupted");
  EXPECT_EQ(ReasonName(Reason::kUnknown), "Unknown");
}

}  // namespace
}  // namespace prepull
