// Where an image is asked for: at its registry or at a mirror.
#ifndef PREPULL_SRC_REGISTRY_PLACE_H_
#define PREPULL_SRC_REGISTRY_PLACE_H_

#include <string>
#include <vector>

#include "prepull/http/http_client.h"
#include "prepull/image/reference.h"

namespace prepull {

struct Place {
  Reference image;  // by its name there
  // Of each request; fewer where there is another place to ask.
  int tries = 1;
  // Whether plain HTTP will do where there is no HTTPS.
  bool may_be_plain = false;
  // These two hold for all servers that the place leads to, as for the node's
  // runtime: token servers, and where its blobs are.
  bool accepts_any_certificate = false;
  std::vector<CaFile> ca = {};  // trusted in addition
  // Where its API begins, and what is behind each "?": "ns=docker.io".
  std::string api_path = "/v2/";
  std::string query = "";
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_PLACE_H_
