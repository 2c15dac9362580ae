#include "src/catalog/catalog_database.h"

#include <sqlite3.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// A row has the CSV of its bundle, which is never selected and may be long.
constexpr int kMaxRowBytes = 64 << 20;
// Steps of SQLite's virtual machine between two calls of MayGoOn: some
// milliseconds.
constexpr int kStepsPerCall = 100'000;
constexpr size_t kRowBytes = 64;
constexpr int64_t kMaxHeapBytes = 128 << 20;  // of SQLite's own

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct EndStatement {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;
using MayGoOn = std::function<absl::Status()>;

absl::Status Failure(sqlite3* database) {
  return absl::InvalidArgumentError(absl::StrCat(
      "not a catalogue database: ", Printable(sqlite3_errmsg(database), 200)));
}

// Allows what our queries need; views and functions of the database do not
// run.
// NOLINTNEXTLINE(readability-function-size): SQLite gives six arguments.
int AllowReading(void*, int action, const char*, const char*, const char*,
                 const char* inside) {
  const bool is_ours = inside == nullptr;
  const bool is_reading = action == SQLITE_SELECT || action == SQLITE_READ;
  return is_ours && is_reading ? SQLITE_OK : SQLITE_DENY;
}

int MustStop(void* may_go_on) {
  return static_cast<const MayGoOn*>(may_go_on)->operator()().ok() ? 0 : 1;
}

// An open database and how much was read from it.
struct Session {
  Database database = nullptr;
  const MayGoOn& may_go_on;
  size_t bytes = 0;
};

absl::StatusOr<Database> Open(const std::string& path) {
  sqlite3_hard_heap_limit64(kMaxHeapBytes);
  sqlite3* raw = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  Database database(raw);
  if (result != SQLITE_OK) return Failure(raw);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kMaxRowBytes);
  // There may be no folder for the files that it would sort in.
  sqlite3_exec(raw, "PRAGMA temp_store = MEMORY", nullptr, nullptr, nullptr);
  sqlite3_set_authorizer(raw, AllowReading, nullptr);
  return database;
}

class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}

  // Empty for NULL.
  std::string Text(int column) const {
    const unsigned char* text = sqlite3_column_text(statement_, column);
    const int bytes = sqlite3_column_bytes(statement_, column);
    return text == nullptr ? ""
                           : std::string(reinterpret_cast<const char*>(text),
                                         static_cast<size_t>(bytes));
  }

 private:
  sqlite3_stmt* statement_;
};

// Adds `row` to what was read.
absl::Status Count(sqlite3_stmt* row, Session& session) {
  session.bytes += kRowBytes;
  for (int i = 0; i < sqlite3_column_count(row); ++i) {
    session.bytes += static_cast<size_t>(sqlite3_column_bytes(row, i));
  }
  return session.bytes <= kMaxCatalogBytes ? absl::OkStatus()
                                           : CatalogTooLarge();
}

// Calls `receive` for each row that `query` returns for `package` (its ?1).
absl::Status ForEach(Session& session, const char* query,
                     const std::string& package,
                     absl::FunctionRef<absl::Status(const Row&)> receive) {
  sqlite3* database = session.database.get();
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, query, -1, &raw, nullptr) != SQLITE_OK) {
    return Failure(database);
  }
  const Statement statement(raw);
  if (sqlite3_bind_parameter_count(raw) > 0) {
    sqlite3_bind_text(raw, 1, package.c_str(), -1, SQLITE_TRANSIENT);
  }
  while (true) {
    const int result = sqlite3_step(raw);
    if (result == SQLITE_DONE) return absl::OkStatus();
    if (result == SQLITE_INTERRUPT) RETURN_IF_ERROR(session.may_go_on());
    if (result == SQLITE_NOMEM) return CatalogTooLarge();
    if (result != SQLITE_ROW) return Failure(database);
    RETURN_IF_ERROR(Count(raw, session));
    RETURN_IF_ERROR(receive(Row(raw)));
  }
}

using Channels = std::map<std::string, std::map<std::string, ChannelEntry>>;

// A bundle has a row for what it replaces and one for each that it skips, in
// this order.
void AddEntry(const Row& row, Channels& channels) {
  auto [entry, is_new] =
      channels[row.Text(0)].try_emplace(row.Text(1), ChannelEntry());
  if (is_new) {
    entry->second.name = row.Text(1);
    entry->second.replaces = row.Text(2);
    for (absl::string_view skipped :
         absl::StrSplit(row.Text(3), ',', absl::SkipEmpty())) {
      entry->second.skips.emplace_back(skipped);
    }
  } else if (const std::string skipped = row.Text(2); !skipped.empty()) {
    entry->second.skips.push_back(skipped);
  }
}

// Adds each channel with an entry for each of its bundles.
absl::Status AddChannels(Session& session, const std::string& package,
                         Catalog& catalog) {
  Channels channels;
  RETURN_IF_ERROR(ForEach(session,
                          "SELECT name FROM channel WHERE package_name = ?1",
                          package, [&](const Row& row) {
                            channels[row.Text(0)];
                            return absl::OkStatus();
                          }));
  RETURN_IF_ERROR(ForEach(
      session,
      "SELECT e.channel_name, e.operatorbundle_name, r.operatorbundle_name, "
      "b.skips FROM channel_entry e "
      "JOIN operatorbundle b ON b.name = e.operatorbundle_name "
      "LEFT JOIN channel_entry r ON r.entry_id = e.replaces "
      "WHERE e.package_name = ?1 ORDER BY e.depth, e.entry_id",
      package, [&](const Row& row) {
        AddEntry(row, channels);
        return absl::OkStatus();
      }));
  for (auto& [name, entries] : channels) {
    CatalogDocument document = {
        .schema = "olm.channel", .package = package, .name = name};
    for (auto& [bundle, entry] : entries) {
      document.entries.push_back(std::move(entry));
    }
    RETURN_IF_ERROR(catalog.Add(std::move(document)));
  }
  return absl::OkStatus();
}

absl::Status AddBundles(Session& session, const std::string& package,
                        Catalog& catalog) {
  std::map<std::string, CatalogDocument> bundles;
  RETURN_IF_ERROR(ForEach(
      session,
      "SELECT DISTINCT b.name, b.bundlepath, b.version FROM operatorbundle b "
      "JOIN channel_entry e ON e.operatorbundle_name = b.name "
      "WHERE e.package_name = ?1",
      package, [&](const Row& row) {
        bundles[row.Text(0)] = {.schema = "olm.bundle",
                                .package = package,
                                .name = row.Text(0),
                                .image = row.Text(1),
                                .version = row.Text(2)};
        return absl::OkStatus();
      }));
  RETURN_IF_ERROR(ForEach(
      session,
      "SELECT DISTINCT i.operatorbundle_name, i.image FROM related_image i "
      "JOIN channel_entry e ON e.operatorbundle_name = i.operatorbundle_name "
      "WHERE e.package_name = ?1 ORDER BY i.rowid",
      package, [&](const Row& row) {
        const auto bundle = bundles.find(row.Text(0));
        if (bundle != bundles.end()) {
          bundle->second.related_images.push_back(row.Text(1));
        }
        return absl::OkStatus();
      }));
  for (auto& [name, bundle] : bundles) {
    RETURN_IF_ERROR(catalog.Add(std::move(bundle)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadCatalogDatabase(const std::string& path,
                                 const std::vector<PackageRequest>& wanted,
                                 const std::function<void()>& opened,
                                 const MayGoOn& may_go_on, Catalog& catalog) {
  ASSIGN_OR_RETURN(Database database, Open(path));
  opened();
  sqlite3_progress_handler(database.get(), kStepsPerCall, MustStop,
                           const_cast<MayGoOn*>(&may_go_on));
  Session session = {.database = std::move(database), .may_go_on = may_go_on};
  RETURN_IF_ERROR(ForEach(session, "SELECT name, default_channel FROM package",
                          "", [&](const Row& row) {
                            return catalog.Add(
                                {.schema = "olm.package",
                                 .name = row.Text(0),
                                 .default_channel = row.Text(1)});
                          }));
  for (const PackageRequest& package : wanted) {
    if (!catalog.Has(package.name)) continue;
    RETURN_IF_ERROR(AddChannels(session, package.name, catalog));
    RETURN_IF_ERROR(AddBundles(session, package.name, catalog));
  }
  return absl::OkStatus();
}

}  // namespace prepull
