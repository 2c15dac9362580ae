#include "src/controller/shard_write.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "src/controller/object_text.h"

namespace prepull {
namespace {

constexpr size_t kNodesPerShard = 200;

// Finds places for nodes that have none yet.
class Places {
 public:
  Places(const PrepullView& prepull,
         const std::map<std::string, ShardView>& shards)
      : prepull_(prepull.name) {
    for (const auto& [name, shard] : shards) {
      const bool is_ours = shard.owner_uid == prepull.uid;
      sizes_[name] = is_ours ? shard.records.size() : kNodesPerShard;
    }
  }

  std::string Take() {
    for (size_t i = first_;; ++i) {
      std::string name = absl::StrCat(prepull_, "-results-", i);
      size_t& size = sizes_[name];
      if (size < kNodesPerShard) {
        ++size;
        first_ = i;
        return name;
      }
    }
  }

 private:
  const absl::string_view prepull_;
  std::map<std::string, size_t> sizes_;
  size_t first_ = 0;
};

}  // namespace

std::string ShardWrite::Patch() const {
  JsonWriter json;
  json.OpenObject().OpenObject("data");
  for (const auto& [node, record] : records) {
    json.String(node, RecordText(record));
  }
  for (const std::string& node : removed) json.Null(node);
  return json.CloseObject().CloseObject().Take();
}

std::vector<ShardWrite> ShardWritesOf(
    const PrepullView& prepull, const std::map<std::string, ShardView>& shards,
    const RecordMap& records, const std::vector<JobStep>& steps) {
  std::map<std::string, ShardWrite> writes;
  const auto write_to = [&](const std::string& name) -> ShardWrite& {
    ShardWrite& write = writes[name];
    if (write.name.empty()) {
      const auto found = shards.find(name);
      write.name = name;
      write.is_new = found == shards.end();
      if (!write.is_new) write.version = found->second.version;
    }
    return write;
  };
  Places places(prepull, shards);
  for (const JobStep& step : steps) {
    if (step.kind != JobStep::Kind::kRecord) continue;
    const auto known = records.find(step.node);
    const std::string name =
        known != records.end() ? known->second.shard : places.Take();
    write_to(name).records[step.node] = step.record;
  }
  // Two controllers may have found two places at once.
  for (const auto& [name, shard] : shards) {
    if (shard.owner_uid != prepull.uid) continue;
    for (const auto& [node, record] : shard.records) {
      const bool is_known = records.at(node).shard == name;
      if (!is_known) write_to(name).removed.push_back(node);
    }
  }
  std::vector<ShardWrite> list;
  list.reserve(writes.size());
  for (auto& [name, write] : writes) list.push_back(std::move(write));
  return list;
}

std::string NewShardText(const ShardWrite& write, absl::string_view name_space,
                         absl::string_view prepull,
                         absl::string_view prepull_uid) {
  ConfigMapFacts facts = {.name = write.name,
                          .name_space = std::string(name_space),
                          .prepull = std::string(prepull),
                          .prepull_uid = std::string(prepull_uid),
                          .kind = std::string(kResultsKind)};
  for (const auto& [node, record] : write.records) {
    facts.data[node] = RecordText(record);
  }
  return ConfigMapText(facts);
}

}  // namespace prepull
