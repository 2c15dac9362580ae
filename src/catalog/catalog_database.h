// The packages that are wanted out of a catalogue of the old kind, an SQLite
// database as opm wrote it.
//
// The database is not trusted: it is opened read-only, and only plain tables
// are read from it.
// Source: https://github.com/operator-framework/operator-registry, pkg/sqlite
#ifndef PREPULL_SRC_CATALOG_CATALOG_DATABASE_H_
#define PREPULL_SRC_CATALOG_CATALOG_DATABASE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "prepull/catalog/catalog.h"

namespace prepull {

// Adds what the database at `path` says of the packages that `catalog` wants.
// `opened` is called once it is open: its name is not needed from then on.
// `may_go_on` is asked now and then, for a hostile database can take hours.
// Errors: INVALID_ARGUMENT  it is no such database, or a broken one;
// RESOURCE_EXHAUSTED  more than kMostCatalogBytes; those of `may_go_on` and of
// Catalog::Add.
absl::Status ReadCatalogDatabase(const std::string& path,
                                 const std::vector<PackageRequest>& wanted,
                                 const std::function<void()>& opened,
                                 const std::function<absl::Status()>& may_go_on,
                                 Catalog& catalog);

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_DATABASE_H_
