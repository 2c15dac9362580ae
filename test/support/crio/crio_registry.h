// A registry as one pull of CRI-O sees it: containers/image makes a client, and
// with it a pool of connections, for each pull.
//
// Speaks plain HTTP, knows no mirrors, no tokens and no redirects, and never
// notices a connection that is silent. Messages are those of containers/image;
// the codes tell what CRI-O tells apart:
//   UNAVAILABLE  the network
//   CANCELLED    `stop` was requested
//   UNKNOWN      the rest
// Threads: safe to share once Ping has returned.
// Source: https://github.com/containers/image, docker/docker_client.go
#ifndef PREPULL_TEST_SUPPORT_CRIO_CRIO_REGISTRY_H_
#define PREPULL_TEST_SUPPORT_CRIO_CRIO_REGISTRY_H_

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/auth/credential.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/http/http_client.h"
#include "prepull/image/reference.h"
#include "prepull/registry/byte_stream.h"

namespace prepull {

class CrioRegistry {
 public:
  // `credential`: its user and password answer a challenge "Basic".
  CrioRegistry(const Reference& image, const Credential& credential,
               std::string agent, std::stop_token stop);

  // Asks whether it is a registry and how to authenticate. The first call.
  absl::Status Ping();

  absl::StatusOr<std::string> GetManifest(absl::string_view tag_or_digest);

  // Gives the blob to `sink` piece by piece, across broken connections as
  // ResumeRule says. Checks no digest. Errors: also those of `sink`.
  absl::Status GetBlob(absl::string_view digest, ByteSink sink);

 private:
  class Body;

  // Sends a GET, and again, after a pause, while it is answered with 429.
  absl::StatusOr<HttpResponse> Get(absl::string_view path,
                                   std::vector<HttpHeader> headers,
                                   BodySink sink);

  const std::string host_;
  const std::string repository_;  // with the host
  const std::string path_;        // without it
  const Credential credential_;
  const std::string agent_;
  const std::stop_token stop_;
  std::string authorization_;
  SystemClock clock_;
  SystemFileSystem files_;
  const std::unique_ptr<HttpClient> http_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_CRIO_REGISTRY_H_
