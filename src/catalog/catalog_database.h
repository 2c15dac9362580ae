// Reads the wanted packages out of a catalogue of the old kind, an SQLite
// database written by opm.
//
// The database is not trusted: it is opened read-only, and only plain tables
// are read from it.
// Source: https://github.com/operator-framework/operator-registry, pkg/sqlite
#ifndef PREPULL_SRC_CATALOG_CATALOG_DATABASE_H_
#define PREPULL_SRC_CATALOG_CATALOG_DATABASE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "src/catalog/catalog.h"

namespace prepull {

// Adds the wanted packages of the database at `path` to `catalog`. Calls
// `opened` once it is open: the file may be unlinked then. Calls `may_go_on`
// now and then, because a hostile database can take hours. Errors:
// INVALID_ARGUMENT  not such a database, or a broken one; RESOURCE_EXHAUSTED
// more than kMaxCatalogBytes; those of `may_go_on` and of Catalog::Add.
absl::Status ReadCatalogDatabase(const std::string& path,
                                 const std::vector<PackageRequest>& wanted,
                                 const std::function<void()>& opened,
                                 const std::function<absl::Status()>& may_go_on,
                                 Catalog& catalog);

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_DATABASE_H_
