#include "test/support/kubernetes_api/control_pages.h"

#include <string>

#include "test/support/kubernetes_api/fake_kubernetes_fixture.h"

namespace prepull {
namespace {

class ControlPagesTest : public FakeKubernetesTest {
 protected:
  int Post(const std::string& path, const std::string& body = "") {
    const std::optional<HttpResponse> answer = pages_.Answer(
        {.method = "POST", .url = "http://fake" + path, .body = body});
    return answer ? answer->status : 0;
  }

  FakeCluster cluster_{fake_, clock_};
  ControlPages pages_{fake_, cluster_};
};

TEST_F(ControlPagesTest, ChangesNodes) {
  EXPECT_EQ(Post("/fake/nodes/w1/add"), 200);
  EXPECT_EQ(Post("/fake/nodes/w1/cordon"), 200);
  EXPECT_EQ(Got("/api/v1/nodes/w1")["spec"]["unschedulable"].boolean(), true);
  EXPECT_EQ(Post("/fake/nodes/w1/remove"), 200);
  EXPECT_EQ(Code("GET", "/api/v1/nodes/w1"), 404);
}

TEST_F(ControlPagesTest, InjectsFaults) {
  EXPECT_EQ(Post("/fake/faults",
                 R"({"kind":"refuse","verb":"list","http_status":429})"),
            200);

  EXPECT_EQ(Code("GET", kMaps), 429);
  EXPECT_EQ(Code("GET", kMaps), 200);
}

TEST_F(ControlPagesTest, IsAwayAndBack) {
  EXPECT_EQ(Post("/fake/away"), 200);
  EXPECT_FALSE(Send("GET", kMaps).ok());
  EXPECT_EQ(Post("/fake/back"), 200);
  EXPECT_EQ(Code("GET", kMaps), 200);
}

TEST_F(ControlPagesTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Post("/fake/nonsense"), 400);
  EXPECT_EQ(Post("/fake/nodes/w1/explode"), 400);
  EXPECT_EQ(Post("/fake/faults", R"({"kind":"nonsense"})"), 400);
  EXPECT_EQ(Post("/fake/scripts/w1", "[]"), 400);
  EXPECT_EQ(Post("/fake/scripts/w1", R"([{"exit_code":1}])"), 200);
  EXPECT_EQ(Post("/api/v1/nodes"), 0);
}

}  // namespace
}  // namespace prepull
