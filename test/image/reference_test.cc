#include "prepull/image/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Values;

// Where the rows come from: files of github.com/distribution/reference at
// 0965666a if nothing else is said.
constexpr const char* kParseTest = "reference_test.go TestReferenceParse";
constexpr const char* kNormalizeTest = "normalize_test.go";
constexpr const char* kRegexpTest = "regexp_test.go";
constexpr const char* kGrammar = "reference.go, the grammar at its top";
constexpr const char* kGoDigest = "opencontainers/go-digest algorithm.go";

const std::string hex64(64, 'f');
const std::string sha256 = absl::StrCat("sha256:", hex64);
const std::string sha512 = absl::StrCat("sha512:", std::string(128, 'f'));

std::string Repeat(absl::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) absl::StrAppend(&repeated, text);
  return repeated;
}

struct Accepted {
  std::string text;
  std::string registry;
  std::string repository;
  std::string tag;
  std::string digest;
  std::string where_seen;
};

void PrintTo(const Accepted& row, std::ostream* out) {
  *out << row.text << " (" << row.where_seen << ")";
}

class AcceptedReferenceTest : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedReferenceTest, HasItsParts) {
  const Accepted& row = GetParam();

  const absl::StatusOr<Reference> reference = Reference::Parse(row.text);

  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(reference->text(), row.text);
  EXPECT_EQ(reference->registry(), row.registry);
  EXPECT_EQ(reference->repository(), row.repository);
  EXPECT_EQ(reference->tag(), row.tag);
  EXPECT_EQ(reference->digest(), row.digest);
}

TEST_P(AcceptedReferenceTest, NormalisesToItself) {
  const absl::StatusOr<Reference> first = Reference::Parse(GetParam().text);
  ASSERT_TRUE(first.ok()) << first.status();

  const absl::StatusOr<Reference> second =
      Reference::Parse(first->Normalised());

  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->Normalised(), first->Normalised());
}

INSTANTIATE_TEST_SUITE_P(
    DockerHub, AcceptedReferenceTest,
    Values(Accepted{"busybox", "docker.io", "docker.io/library/busybox", "", "",
                    kNormalizeTest},
           Accepted{"test_com", "docker.io", "docker.io/library/test_com", "",
                    "", kParseTest},
           Accepted{"library/ubuntu", "docker.io", "docker.io/library/ubuntu",
                    "", "", kNormalizeTest},
           Accepted{"fooo/bar", "docker.io", "docker.io/fooo/bar", "", "",
                    kNormalizeTest},
           Accepted{"store/foo/bar", "docker.io", "docker.io/store/foo/bar", "",
                    "", kNormalizeTest},
           Accepted{"docker.io/foo", "docker.io", "docker.io/library/foo", "",
                    "", kNormalizeTest},
           Accepted{"docker.io/library", "docker.io",
                    "docker.io/library/library", "", "",
                    "normalize.go splitDockerDomain"},
           Accepted{"index.docker.io/debian:12", "docker.io",
                    "docker.io/library/debian", "12", "", kNormalizeTest},
           Accepted{"index.docker.io/fooo/bar", "docker.io",
                    "docker.io/fooo/bar", "", "", kNormalizeTest},
           Accepted{absl::StrCat("docker.io/", hex64), "docker.io",
                    absl::StrCat("docker.io/library/", hex64), "", "",
                    kNormalizeTest},
           Accepted{absl::StrCat(hex64, ":1"), "docker.io",
                    absl::StrCat("docker.io/library/", hex64), "1", "",
                    "normalize.go: only the bare identifier is refused"}));

INSTANTIATE_TEST_SUITE_P(
    Registry, AcceptedReferenceTest,
    Values(Accepted{"quay.io/team/app:1.2", "quay.io", "quay.io/team/app",
                    "1.2", "", "DESIGN section 2"},
           Accepted{"localhost/fooo", "localhost", "localhost/fooo", "", "",
                    kNormalizeTest},
           Accepted{"localhost:5000/a/b:1", "localhost:5000",
                    "localhost:5000/a/b", "1", "", kRegexpTest},
           Accepted{"test:5000/repo", "test:5000", "test:5000/repo", "", "",
                    kParseTest},
           Accepted{"repo:1/2", "repo:1", "repo:1/2", "", "", kRegexpTest},
           Accepted{"Docker/docker", "Docker", "Docker/docker", "", "",
                    kNormalizeTest},
           Accepted{"LOCALDOMAIN/library/debian", "LOCALDOMAIN",
                    "LOCALDOMAIN/library/debian", "", "", kNormalizeTest},
           Accepted{"Asdf.com/a", "Asdf.com", "Asdf.com/a", "", "",
                    kRegexpTest},
           Accepted{"xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com",
                    "xn--n3h.com/myimage", "xn--n3h.com", "", kParseTest},
           Accepted{"192.168.1.1:750050/repo", "192.168.1.1:750050",
                    "192.168.1.1:750050/repo", "", "", kRegexpTest},
           Accepted{
               "my_host.local/app", "my_host.local", "my_host.local/app", "",
               "", "distribution: a path without a domain; containerd: a host"},
           Accepted{"test.com:5000", "docker.io", "docker.io/library/test.com",
                    "5000", "", kParseTest},
           Accepted{"192.168.1.1", "docker.io", "docker.io/library/192.168.1.1",
                    "", "", kParseTest}));

INSTANTIATE_TEST_SUITE_P(
    Ipv6, AcceptedReferenceTest,
    Values(Accepted{"[::1]:5000/repo", "[::1]:5000", "[::1]:5000/repo", "", "",
                    kParseTest},
           Accepted{"[2001:db8::1]/repo", "[2001:db8::1]", "[2001:db8::1]/repo",
                    "", "", kParseTest},
           Accepted{"[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]",
                    "[2001:db8:1:2:3:4:5:6]/repo", "tag", "", kParseTest},
           Accepted{absl::StrCat("[2001:db8::1]:5000/repo:tag@", sha256),
                    "[2001:db8::1]:5000", "[2001:db8::1]:5000/repo", "tag",
                    sha256, kParseTest},
           Accepted{"[fd00123123123]:75050/a", "[fd00123123123]:75050",
                    "[fd00123123123]:75050/a", "", "", kRegexpTest}));

INSTANTIATE_TEST_SUITE_P(
    Separators, AcceptedReferenceTest,
    Values(Accepted{"dock__er/docker", "docker.io", "docker.io/dock__er/docker",
                    "", "", kNormalizeTest},
           Accepted{"docker---rules/docker", "docker.io",
                    "docker.io/docker---rules/docker", "", "", kNormalizeTest},
           Accepted{"b.gcr.io/test.example.com/my-app", "b.gcr.io",
                    "b.gcr.io/test.example.com/my-app", "", "", kRegexpTest}));

INSTANTIATE_TEST_SUITE_P(
    TagAndDigest, AcceptedReferenceTest,
    Values(Accepted{"lowercase:Uppercase", "docker.io",
                    "docker.io/library/lowercase", "Uppercase", "", kParseTest},
           Accepted{"a:_x.y-z", "docker.io", "docker.io/library/a", "_x.y-z",
                    "", kGrammar},
           Accepted{absl::StrCat("test:5000/repo@", sha256), "test:5000",
                    "test:5000/repo", "", sha256, kParseTest},
           Accepted{absl::StrCat("a@", sha512), "docker.io",
                    "docker.io/library/a", "", sha512, kGoDigest},
           Accepted{absl::StrCat("a@md5+b64:", std::string(32, 'A')),
                    "docker.io", "docker.io/library/a", "",
                    absl::StrCat("md5+b64:", std::string(32, 'A')), kGrammar}));

INSTANTIATE_TEST_SUITE_P(
    Longest, AcceptedReferenceTest,
    Values(Accepted{absl::StrCat("a:", std::string(128, 't')), "docker.io",
                    "docker.io/library/a", std::string(128, 't'), "", kGrammar},
           Accepted{absl::StrCat("example.com/", std::string(255, 'a'), ":tag"),
                    "example.com",
                    absl::StrCat("example.com/", std::string(255, 'a')), "tag",
                    "", kParseTest},
           Accepted{std::string(247, 'a'), "docker.io",
                    absl::StrCat("docker.io/library/", std::string(247, 'a')),
                    "", "", "normalize.go: 'library/' counts"},
           Accepted{absl::StrCat(std::string(300, 'h'), ".io/a"),
                    absl::StrCat(std::string(300, 'h'), ".io"),
                    absl::StrCat(std::string(300, 'h'), ".io/a"), "", "",
                    "reference.go Parse: the domain does not count"}));

struct Refused {
  std::string text;
  std::string sentence;
  std::string where_seen;
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.text << " (" << row.where_seen << ")";
}

constexpr const char* kComponentEnds =
    "parts of the repository must begin and end with a letter or digit";
constexpr const char* kSeparators =
    "repository may separate letters only by one '.', one or two '_', or any "
    "number of '-'";
constexpr const char* kPathCharacters =
    "repository may contain only lower-case letters, digits, '.', '_', '-' and "
    "'/'";
constexpr const char* kHostCharacters =
    "registry host may contain only letters, digits, '.' and '-'";
constexpr const char* kHostEnds =
    "parts of the registry host must begin and end with a letter or digit";
constexpr const char* kTagCharacters =
    "tag may contain only letters, digits, '_', '.' and '-'";

class RefusedReferenceTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedReferenceTest, SaysWhichRuleIsBroken) {
  const Refused& row = GetParam();

  const absl::Status status = Reference::Parse(row.text).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), row.sentence);
}

INSTANTIATE_TEST_SUITE_P(
    Text, RefusedReferenceTest,
    Values(Refused{"", "image reference is empty", kParseTest},
           Refused{hex64,
                   "64 hex digits are an image ID, not an image reference",
                   kNormalizeTest},
           Refused{"https://github.com/docker/docker",
                   "image reference must not have a URL scheme",
                   kNormalizeTest},
           Refused{"docker://quay.io/team/app:1",
                   "image reference must not have a URL scheme",
                   "lists made for skopeo"},
           Refused{"[2001:db8::1]:5000", "registry without a repository",
                   kParseTest}));

INSTANTIATE_TEST_SUITE_P(
    Registry, RefusedReferenceTest,
    Values(Refused{":5000/app", "registry host is empty", kGrammar},
           Refused{"foo_bar.com:8080/app", kHostCharacters, kRegexpTest},
           Refused{"-ab.com/app", kHostEnds, kRegexpTest},
           Refused{"ab-.com/app", kHostEnds, kRegexpTest},
           Refused{"ab..com/app", kHostEnds, kRegexpTest},
           Refused{"foo.com:http/bar", "registry port must be a number",
                   kRegexpTest},
           Refused{"foo.com:/bar", "registry port must be a number", kGrammar},
           Refused{"fc00::1:5000/debian", "IPv6 address must be in brackets",
                   kNormalizeTest},
           Refused{"[::1/debian", "IPv6 address without a closing bracket",
                   kGrammar},
           Refused{"[fe80::1%eth0]:5000/debian",
                   "IPv6 address may contain only hex digits and ':'",
                   kNormalizeTest},
           Refused{"[2001:db8:3:4::192.0.2.33]:5000/debian",
                   "IPv6 address may contain only hex digits and ':'",
                   kNormalizeTest},
           Refused{"[]:5000/debian",
                   "IPv6 address may contain only hex digits and ':'",
                   kGrammar},
           Refused{"[fd00:1:2::3]75050/a",
                   "only a port may follow an IPv6 address", kRegexpTest},
           Refused{"[fd00:1:2::3]::75050/a", "registry port must be a number",
                   kRegexpTest}));

INSTANTIATE_TEST_SUITE_P(
    Repository, RefusedReferenceTest,
    Values(
        Refused{":justtag", "repository is empty", kParseTest},
        Refused{absl::StrCat("@", sha256), "repository is empty", kParseTest},
        Refused{"quay.io/", "repository is empty", kRegexpTest},
        Refused{"quay.io/Team/app", "repository must be lowercase",
                kNormalizeTest},
        Refused{"Uppercase:tag", "repository must be lowercase", kParseTest},
        Refused{"aa/asdf$$^/aa", kPathCharacters, kParseTest},
        Refused{"quay.io/team/äpp", kPathCharacters,
                "typed on a German keyboard"},
        Refused{"quay.io/team/app latest", kPathCharacters,
                "a quoted argument"},
        Refused{"quay.io/${team}/app", kPathCharacters,
                "a template left unfilled"},
        Refused{"docker///docker", "repository has an empty component",
                kNormalizeTest},
        Refused{"/docker", "repository has an empty component", kGrammar},
        Refused{"a/a/a/a/", "repository has an empty component", kRegexpTest},
        Refused{"-docker/docker", kComponentEnds, kNormalizeTest},
        Refused{"docker_/docker_", kComponentEnds, kRegexpTest},
        Refused{"dock..er/docker", kHostEnds, kNormalizeTest},
        Refused{"foo/dock..er", kSeparators, kNormalizeTest},
        Refused{"foo/dock_.er", kSeparators, kNormalizeTest},
        Refused{"foo/dock-.er", kSeparators, kNormalizeTest},
        Refused{"foo/dock___er", kSeparators, kGrammar},
        Refused{absl::StrCat("domain/", std::string(256, 'a'), ":tag"),
                "repository is longer than 255 characters", kParseTest},
        Refused{std::string(248, 'a'),
                "repository is longer than 255 characters",
                "normalize.go: 'library/' counts"},
        Refused{absl::StrCat(Repeat("a/", 128), "a"),
                "repository is longer than 255 characters", kParseTest},
        Refused{absl::StrCat("my_host.local/", std::string(242, 'a')),
                "repository is longer than 255 characters",
                "distribution: a path without a domain"}));

INSTANTIATE_TEST_SUITE_P(
    Tag, RefusedReferenceTest,
    Values(Refused{"repo:", "tag is empty", kGrammar},
           Refused{absl::StrCat("repo:@", sha256), "tag is empty", kGrammar},
           Refused{"repo:-1", "tag must begin with a letter, a digit or '_'",
                   kGrammar},
           Refused{"repo:.1", "tag must begin with a letter, a digit or '_'",
                   kGrammar},
           Refused{"repo:1+2", kTagCharacters, "semver build metadata"},
           Refused{"quay.io/repo:1/2", kTagCharacters, kGrammar},
           Refused{absl::StrCat("repo:", std::string(129, 't')),
                   "tag is longer than 128 characters", kGrammar}));

INSTANTIATE_TEST_SUITE_P(
    Digest, RefusedReferenceTest,
    Values(
        Refused{"repo@", "digest is empty", kGrammar},
        Refused{absl::StrCat("repo@", hex64),
                "digest must be an algorithm, ':' and hex digits", kGrammar},
        Refused{absl::StrCat("repo@:", hex64), "digest algorithm is empty",
                kGrammar},
        Refused{absl::StrCat("repo@a++b:", hex64),
                "digest algorithm is malformed", kGrammar},
        Refused{absl::StrCat("repo@2a:", hex64),
                "digest algorithm is malformed", kGrammar},
        Refused{absl::StrCat("repo@a+:", hex64),
                "digest algorithm is malformed", kGrammar},
        Refused{absl::StrCat("repo@SHA256:", hex64),
                "digest algorithm must be lowercase", kGoDigest},
        Refused{absl::StrCat("repo@sha256:", std::string(64, 'g')),
                "digest must contain only hex digits", kGrammar},
        Refused{absl::StrCat("repo@", sha256, "@", sha256),
                "digest must contain only hex digits", kGrammar},
        Refused{absl::StrCat("repo@md5:", std::string(31, 'f')),
                "digest must have at least 32 hex digits", kGrammar},
        Refused{absl::StrCat("repo@sha256:", std::string(34, 'f')),
                "sha256 digest must have 64 lower-case hex digits", kParseTest},
        Refused{absl::StrCat("repo@sha256:", std::string(65, 'f')),
                "sha256 digest must have 64 lower-case hex digits", kGoDigest},
        Refused{absl::StrCat("repo@sha256:", std::string(64, 'F')),
                "sha256 digest must have 64 lower-case hex digits", kGoDigest},
        Refused{absl::StrCat("repo@sha384:", hex64),
                "sha384 digest must have 96 lower-case hex digits", kGoDigest},
        Refused{absl::StrCat("repo@sha512:", hex64),
                "sha512 digest must have 128 lower-case hex digits",
                kGoDigest}));

std::string Normalised(absl::string_view text) {
  const absl::StatusOr<Reference> reference = Reference::Parse(text);
  return reference.ok() ? reference->Normalised()
                        : std::string(reference.status().message());
}

TEST(ReferenceTest, ComparesAMissingTagAsLatest) {
  EXPECT_EQ(Normalised("quay.io/team/app"),
            Normalised("quay.io/team/app:latest"));
}

TEST(ReferenceTest, ComparesShortAndFullNamesOfDockerHubAsOne) {
  EXPECT_EQ(Normalised("busybox"), "docker.io/library/busybox:latest");
  EXPECT_EQ(Normalised("index.docker.io/busybox"), Normalised("busybox"));
  EXPECT_EQ(Normalised("docker.io/library/busybox"), Normalised("busybox"));
}

TEST(ReferenceTest, GivesTheTagNoSayBesideADigest) {
  EXPECT_EQ(Normalised(absl::StrCat("quay.io/a:1@", sha256)),
            absl::StrCat("quay.io/a@", sha256));
}

TEST(ReferenceTest, KeepsTheSameDigestInTwoRepositoriesApart) {
  EXPECT_NE(Normalised(absl::StrCat("quay.io/a@", sha256)),
            Normalised(absl::StrCat("quay.io/b@", sha256)));
}

TEST(ReferenceTest, KeepsTheTextThatGoesToTheRuntime) {
  const absl::StatusOr<Reference> reference = Reference::Parse("busybox");

  ASSERT_TRUE(reference.ok());
  EXPECT_EQ(reference->text(), "busybox");
  EXPECT_THAT(reference->tag(), IsEmpty());
}

TEST(ReferenceTest, NeverRepeatsHostileTextInItsSentence) {
  const absl::Status status =
      Reference::Parse("quay.io/\x1b[31mred\n").status();

  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\x1b")));
}

TEST(ReferenceTest, RefusesANulByte) {
  const absl::string_view text("quay.io/a\0b", 11);

  EXPECT_FALSE(Reference::Parse(text).ok());
}

}  // namespace
}  // namespace prepull
