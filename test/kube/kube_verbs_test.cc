#include <stop_token>
#include <string>

#include "absl/strings/str_cat.h"
#include "prepull/kube/kube_client.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_http_client.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// An error of the API server.
FakeHttpClient::Answer Refusal(int status, const std::string& reason,
                               const std::string& message) {
  return FakeHttpClient::Status(
      status, absl::StrCat(R"({"kind":"Status","reason":")", reason,
                           R"(","message":")", message, "\"}"));
}

FakeHttpClient::Answer NoAnswer() {
  return {.response = absl::UnavailableError("connection reset")};
}

class KubeVerbsTest : public testing::Test {
 protected:
  KubeVerbsTest() {
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", "token-1"), IsOk());
  }

  const HttpRequest& Sent(size_t index = 0) const {
    return http_.calls().at(index).request;
  }

  FakeClock clock_;
  FakeFileSystem files_;
  FakeHttpClient http_{clock_};
  KubeClient client_{
      ServerForAccount("https://10.0.0.1", "/sa"),
      {.http = http_, .files = files_, .clock = clock_, .roll_dice = [] {
         return 0.0;
       }}};
  const KubeCall call_ = {.purpose = "test",
                          .until = clock_.Now() + absl::Seconds(10)};
  const KubeObject job_ = {.group_version = "batch/v1",
                           .resource = "jobs",
                           .object_namespace = "team",
                           .name = "pull"};
  const KubeCollection jobs_ = {.group_version = "batch/v1",
                                .resource = "jobs",
                                .object_namespace = "team",
                                .label_selector = "app=prepull"};
};

TEST_F(KubeVerbsTest, GetsAnObject) {
  http_.Script({FakeHttpClient::Status(503),
                FakeHttpClient::Status(200, R"({"kind":"Job"})")});

  const absl::StatusOr<JsonDocument> job = client_.Get(job_, call_);

  ASSERT_THAT(job, IsOk());
  EXPECT_EQ((*job)["kind"].StringOrEmpty(), "Job");
  EXPECT_EQ(Sent().method, "GET");
  EXPECT_EQ(Sent().url,
            "https://10.0.0.1/apis/batch/v1/namespaces/team/jobs/pull");
  EXPECT_THAT(Sent().headers, SizeIs(2));
}

TEST_F(KubeVerbsTest, GetsNothingThatIsNoObject) {
  http_.Script({FakeHttpClient::Status(200, "<html>")});
  EXPECT_THAT(client_.Get(job_, call_), StatusIs(StatusCode::kInvalidArgument));

  http_.Script({FakeHttpClient::Status(404)});
  EXPECT_THAT(client_.Get(job_, call_),
              StatusIs(StatusCode::kNotFound, HasSubstr("no jobs \"pull\"")));
}

TEST_F(KubeVerbsTest, ListsAPage) {
  http_.Script({FakeHttpClient::Status(
      200, R"({"metadata":{"continue":"c/2"},"items":[1,2]})")});

  const absl::StatusOr<JsonDocument> page = client_.List(jobs_, "c/1", call_);

  ASSERT_THAT(page, IsOk());
  EXPECT_EQ((*page)["items"].size(), 2);
  EXPECT_EQ(Sent().url,
            "https://10.0.0.1/apis/batch/v1/namespaces/team/jobs?limit=500"
            "&continue=c%2F1&labelSelector=app%3Dprepull");
  EXPECT_EQ(Sent().limits.body_bytes, 64 << 20);
}

TEST_F(KubeVerbsTest, ListsTheWholeCluster) {
  http_.Script({FakeHttpClient::Status(200, "{}")});

  EXPECT_THAT(
      client_.List({.resource = "nodes", .field_selector = "a=b"}, "", call_),
      IsOk());

  EXPECT_EQ(Sent().url,
            "https://10.0.0.1/api/v1/nodes?limit=500&fieldSelector=a%3Db");
}

TEST_F(KubeVerbsTest, SaysThatAListHasExpired) {
  http_.Script({Refusal(410, "Expired", "too old")});

  EXPECT_THAT(
      client_.List(jobs_, "c1", call_),
      StatusIs(StatusCode::kAborted, "the API server answered 410: too old"));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(KubeVerbsTest, SaysWhichPermissionAListNeeds) {
  http_.Script({FakeHttpClient::Status(403)});

  EXPECT_THAT(client_.List(jobs_, "", call_),
              StatusIs(StatusCode::kPermissionDenied,
                       HasSubstr("(the account needs \"list\" on "
                                 "\"jobs\" in namespace team)")));
}

TEST_F(KubeVerbsTest, CreatesAnObject) {
  http_.Script({NoAnswer(), Refusal(409, "Conflict", "try again"),
                FakeHttpClient::Status(201)});

  EXPECT_THAT(client_.Create(job_, R"({"kind":"Job"})", call_), IsOk());

  EXPECT_THAT(http_.calls(), SizeIs(3));
  EXPECT_EQ(Sent().method, "POST");
  EXPECT_EQ(Sent().url,
            "https://10.0.0.1/apis/batch/v1/namespaces/team/jobs"
            "?fieldManager=prepull");
  EXPECT_EQ(Sent().headers.at(2).value, "application/json");
  EXPECT_EQ(Sent().body, R"({"kind":"Job"})");
}

TEST_F(KubeVerbsTest, TellsThatTheNameIsTaken) {
  http_.Script({Refusal(409, "AlreadyExists", "jobs pull already exists")});

  EXPECT_THAT(client_.Create(job_, "{}", call_),
              StatusIs(StatusCode::kAlreadyExists,
                       "the API server answered 409: jobs pull already "
                       "exists"));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(KubeVerbsTest, SaysWhichPermissionACreationNeeds) {
  http_.Script({FakeHttpClient::Status(403)});

  EXPECT_THAT(client_.Create(job_, "{}", call_),
              StatusIs(StatusCode::kPermissionDenied,
                       HasSubstr("needs \"create\" on \"jobs\" in namespace "
                                 "team)")));
}

TEST_F(KubeVerbsTest, DeletesThatBearerOfTheName) {
  http_.Script({FakeHttpClient::Status(500), FakeHttpClient::Status(200)});

  EXPECT_THAT(client_.Delete(job_, "u1", call_), IsOk());

  EXPECT_THAT(http_.calls(), SizeIs(2));
  EXPECT_EQ(Sent().method, "DELETE");
  EXPECT_EQ(Sent().url,
            "https://10.0.0.1/apis/batch/v1/namespaces/team/jobs/pull");
  EXPECT_EQ(Sent().body, R"({"kind":"DeleteOptions","apiVersion":"v1",)"
                         R"("propagationPolicy":"Background",)"
                         R"("preconditions":{"uid":"u1"}})");
}

TEST_F(KubeVerbsTest, DeletesAnyBearerOfTheName) {
  EXPECT_THAT(client_.Delete(job_, "", call_), IsOk());

  EXPECT_EQ(Sent().body, R"({"kind":"DeleteOptions","apiVersion":"v1",)"
                         R"("propagationPolicy":"Background"})");
}

TEST_F(KubeVerbsTest, HasNothingToDeleteWhereThereIsNothing) {
  http_.Script({NoAnswer(), FakeHttpClient::Status(404)});

  EXPECT_THAT(client_.Delete(job_, "u1", call_), IsOk());
}

TEST_F(KubeVerbsTest, DeletesNoOtherBearerOfTheName) {
  http_.Script({Refusal(409, "Conflict",
                        "Precondition failed: UID in precondition: u1, UID in "
                        "object meta: u2"),
                Refusal(409, "Conflict",
                        "the UID in the precondition (u1) does not match the "
                        "UID in record (u2)")});

  for (const size_t calls : {1, 2}) {
    EXPECT_THAT(client_.Delete(job_, "u1", call_),
                StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_THAT(http_.calls(), SizeIs(calls));
  }
}

TEST_F(KubeVerbsTest, DeletesAfterAConflict) {
  http_.Script({Refusal(409, "Conflict", "the object has been modified"),
                FakeHttpClient::Status(200)});

  EXPECT_THAT(client_.Delete(job_, "u1", call_), IsOk());
}

TEST_F(KubeVerbsTest, PatchesByOperations) {
  http_.Script({FakeHttpClient::Status(429), FakeHttpClient::Status(409),
                FakeHttpClient::Status(401), FakeHttpClient::Status(200)});

  EXPECT_THAT(client_.JsonPatch(job_, "[]", call_), IsOk());

  EXPECT_THAT(http_.calls(), SizeIs(4));
  EXPECT_EQ(Sent().method, "PATCH");
  EXPECT_EQ(Sent().headers.at(2).value, "application/json-patch+json");
  EXPECT_EQ(Sent().body, "[]");
}

TEST_F(KubeVerbsTest, PatchesNotTwiceByOperations) {
  http_.Script({NoAnswer(), FakeHttpClient::Status(500)});

  EXPECT_THAT(client_.JsonPatch(job_, "[]", call_),
              StatusIs(StatusCode::kUnavailable, "connection reset"));
  EXPECT_THAT(client_.JsonPatch(job_, "[]", call_),
              StatusIs(StatusCode::kUnavailable, HasSubstr("500")));
  EXPECT_THAT(http_.calls(), SizeIs(2));
}

TEST_F(KubeVerbsTest, TellsThatATestDoesNotHold) {
  http_.Script({FakeHttpClient::Status(422)});

  EXPECT_THAT(
      client_.JsonPatch(job_, "[]", call_),
      StatusIs(StatusCode::kFailedPrecondition, "the API server answered 422"));
}

TEST_F(KubeVerbsTest, ChangesWhatIsStillAtItsVersion) {
  http_.Script(
      {FakeHttpClient::Status(500),
       FakeHttpClient::Status(200, R"({"metadata":{"resourceVersion":"8"}})")});

  EXPECT_THAT(client_.ChangeGuarded(job_, R"({"a":"b"})", "7", call_),
              IsOkAndHolds("8"));

  EXPECT_THAT(http_.calls(), SizeIs(2));
  EXPECT_EQ(Sent().method, "PATCH");
  EXPECT_EQ(Sent().headers.at(2).value, "application/merge-patch+json");
  EXPECT_EQ(Sent().body, R"({"metadata":{"resourceVersion":"7"},"a":"b"})");
}

TEST_F(KubeVerbsTest, TellsThatTheObjectHasChanged) {
  http_.Script({Refusal(409, "Conflict", "please apply your changes")});

  EXPECT_THAT(client_.ChangeGuarded(job_, "{}", "7", call_),
              StatusIs(StatusCode::kAborted,
                       "the object has changed: the API server answered 409: "
                       "please apply your changes"));
  EXPECT_THAT(http_.calls(), SizeIs(1));
  EXPECT_EQ(Sent().body, R"({"metadata":{"resourceVersion":"7"}})");
}

TEST_F(KubeVerbsTest, ChangesNothingUnguarded) {
  const StatusCode invalid = StatusCode::kInvalidArgument;
  EXPECT_THAT(client_.ChangeGuarded(job_, "{}", "", call_), StatusIs(invalid));
  EXPECT_THAT(client_.ChangeGuarded(job_, "[]", "7", call_), StatusIs(invalid));
  EXPECT_THAT(
      client_.ChangeGuarded(job_, R"({"metadata":{"name":"a"}})", "7", call_),
      StatusIs(invalid, "a guarded patch has metadata"));
  EXPECT_THAT(http_.calls(), IsEmpty());

  http_.Script({FakeHttpClient::Status(200, "{}")});
  EXPECT_THAT(client_.ChangeGuarded(job_, "{}", "7", call_),
              StatusIs(invalid, "no version in the answer"));
}

TEST_F(KubeVerbsTest, AppliesAStatus) {
  KubeObject status = job_;
  status.subresource = "status";
  http_.Script({FakeHttpClient::Status(403)});

  EXPECT_THAT(client_.Apply(status, "{}", call_),
              StatusIs(StatusCode::kPermissionDenied,
                       HasSubstr("on \"jobs/status\" in namespace team")));

  EXPECT_THAT(Sent().url, HasSubstr("/jobs/pull/status?fieldManager=prepull"));
}

}  // namespace
}  // namespace prepull
