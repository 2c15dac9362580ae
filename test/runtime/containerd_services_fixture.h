// The services against a containerd of our own: real gRPC on a unix socket.
#ifndef PREPULL_TEST_RUNTIME_CONTAINERD_SERVICES_FIXTURE_H_
#define PREPULL_TEST_RUNTIME_CONTAINERD_SERVICES_FIXTURE_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/image/reference.h"
#include "prepull/runtime/cri_client.h"
#include "test/runtime/fake_containerd.h"
#include "test/support/temp_folder.h"

namespace prepull {

inline constexpr absl::Duration kCallLimit = absl::Seconds(20);
inline constexpr char kSource[] = "containerd.io/distribution.source.quay.io";

inline std::string DigestOf(char digit) {
  return absl::StrCat("sha256:", std::string(64, digit));
}

class ContainerdServicesTest : public ::testing::Test {
 protected:
  ContainerdServicesTest() {
    images_.record.set_name("quay.io/team/app:1");
    (*images_.record.mutable_labels())["kept"] = "as it is";
    (*images_.record.mutable_labels())["old"] = "value";
    images_.record.mutable_target()->set_media_type("application/vnd.oci");
    images_.record.mutable_target()->set_digest(DigestOf('a'));
    images_.record.mutable_target()->set_size(7);
    content_.info.set_digest(DigestOf('a'));
    content_.info.set_size(7);
    content_.info.mutable_created_at()->set_seconds(1'700'000'000);
    Serve({&leases_, &content_, &images_, &cri_});
  }

  ~ContainerdServicesTest() override {
    client_.reset();  // a call that lasts would keep the server
    server_->Shutdown();
  }

  void Serve(const std::vector<grpc::Service*>& services) {
    client_.reset();
    Restart(services);
    client_ = MakeCriClient(socket_);
    EXPECT_TRUE(client_->Version(kCallLimit, {}).ok());
  }

  // Calls that are open end; the client stays.
  void Restart(const std::vector<grpc::Service*>& services) {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();  // it takes its socket away
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("unix:", socket_),
                             grpc::InsecureServerCredentials());
    for (grpc::Service* service : services) builder.RegisterService(service);
    builder.RegisterService(&version_);
    server_ = builder.BuildAndStart();
  }

  Leases& leases() { return *client_->leases(); }
  Downloads& downloads() { return *client_->downloads(); }
  ImageRecords& records() { return *client_->image_records(); }

  static Reference Image() { return *Reference::Parse("quay.io/team/app.x:1"); }

  // What a call that was started by `start` hands to its callback.
  template <typename Value, typename Start>
  absl::StatusOr<Value> Wait(Start start) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<Value>>>();
    start([promise](absl::StatusOr<Value> value) {
      promise->set_value(std::move(value));
    });
    return promise->get_future().get();
  }

  template <typename Start>
  absl::Status WaitForEnd(Start start) {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    start([promise](const absl::Status& end) { promise->set_value(end); });
    return promise->get_future().get();
  }

  absl::StatusOr<std::vector<OpenDownload>> ListDownloads() {
    return Wait<std::vector<OpenDownload>>(
        [&](auto done) { downloads().List(kCallLimit, done); });
  }
  absl::StatusOr<std::vector<StoredBlob>> FindBlobs() {
    return Wait<std::vector<StoredBlob>>(
        [&](auto done) { downloads().FindBlobs(Image(), kCallLimit, done); });
  }
  absl::StatusOr<StoredBlob> FindBlob(const std::string& digest) {
    return Wait<StoredBlob>(
        [&](auto done) { downloads().FindBlob(digest, kCallLimit, done); });
  }
  absl::StatusOr<std::string> ReadBlob() {
    return Wait<std::string>([&](auto done) {
      downloads().ReadBlob(DigestOf('a'), kCallLimit, done);
    });
  }
  absl::Status CreateLease(const Lease& lease) {
    return WaitForEnd(
        [&](auto done) { leases().Create(lease, kCallLimit, done); });
  }
  absl::StatusOr<std::vector<Lease>> FindLeases(const std::string& list) {
    return Wait<std::vector<Lease>>(
        [&](auto done) { leases().Find(list, kCallLimit, done); });
  }
  absl::StatusOr<std::vector<LeaseResource>> LeaseResources() {
    return Wait<std::vector<LeaseResource>>(
        [&](auto done) { leases().Resources("a", kCallLimit, done); });
  }
  absl::Status AddLeaseResource(const LeaseResource& resource) {
    return WaitForEnd([&](auto done) {
      leases().AddResource("a", resource, kCallLimit, done);
    });
  }
  absl::Status DeleteLease() {
    return WaitForEnd([&](auto done) {
      leases().Delete("a", /*collect=*/true, kCallLimit, done);
    });
  }
  absl::Status DropDownload(const std::string& ref) {
    return WaitForEnd(
        [&](auto done) { downloads().Drop(ref, kCallLimit, done); });
  }
  absl::Status Pull(const PullRequest& request) {
    return Wait<std::string>(
               [&](auto done) { client_->StartPull(request, done); })
        .status();
  }

  // A part of Content/List with one blob from these repositories.
  static content::ListContentResponse BlobFrom(
      const std::string& digest, const std::string& repositories) {
    content::ListContentResponse part;
    content::Info& info = *part.add_info();
    info.set_digest(digest);
    (*info.mutable_labels())[kSource] = repositories;
    return part;
  }

  const TempFolder folder_;
  const std::string socket_ = folder_.Path("sock");
  SeenMetadata namespaces_{"containerd-namespace"};
  FakeLeases leases_{namespaces_};
  FakeContent content_{namespaces_};
  FakeImages images_{namespaces_};
  FakeCri cri_;
  FakeVersion version_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ContainerRuntime> client_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_RUNTIME_CONTAINERD_SERVICES_FIXTURE_H_
