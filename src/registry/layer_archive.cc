#include "src/registry/layer_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "src/registry/byte_pipe.h"

namespace prepull {
namespace {

constexpr int64_t kMaxEntries = 5'000'000;
constexpr size_t kPieceBytes = 256 << 10;
// Linux's own, with which no runtime could unpack a longer one.
constexpr size_t kMaxPathBytes = 4096;
// A packing and libarchive's own "none". Layers that are packed twice could
// unpack to nothing for hours before anything listens to a stop.
constexpr int kMaxFilters = 2;
// Of one entry: names, attributes, the map of a sparse file. libarchive keeps
// ten times as much of the map, and knows no limit of its own.
constexpr size_t kMaxHeaderBytes = 4 << 20;

// The reading end of the pipe, for libarchive.
struct Intake {
  BytePipe& pipe;
  std::string piece = "";
};

la_ssize_t Pull(struct archive* archive, void* data, const void** bytes) {
  Intake& intake = *static_cast<Intake*>(data);
  absl::StatusOr<std::string> piece = intake.pipe.Read();
  if (!piece.ok()) {
    archive_set_error(archive, EIO, "source ended with an error");
    return ARCHIVE_FATAL;
  }
  intake.piece = *std::move(piece);
  *bytes = intake.piece.data();
  return static_cast<la_ssize_t>(intake.piece.size());
}

// The decompressed bytes, for the tar reader. Two archives, so that the bytes
// of an entry's header can be counted between them.
struct Unpacked {
  struct archive* packed = nullptr;
  absl::FunctionRef<absl::Status()> may_go_on;
  absl::Status stopped = absl::OkStatus();
  size_t head_bytes = 0;
  bool is_in_head = true;
};

la_ssize_t PullUnpacked(struct archive* archive, void* data,
                        const void** bytes) {
  Unpacked& unpacked = *static_cast<Unpacked*>(data);
  unpacked.stopped = unpacked.may_go_on();
  if (!unpacked.stopped.ok()) {
    archive_set_error(archive, EINTR, "stopped");
    return ARCHIVE_FATAL;
  }
  size_t size = 0;
  la_int64_t offset = 0;
  const int result =
      archive_read_data_block(unpacked.packed, bytes, &size, &offset);
  if (result == ARCHIVE_EOF) return 0;
  if (result != ARCHIVE_OK) {
    archive_copy_error(archive, unpacked.packed);
    return ARCHIVE_FATAL;
  }
  if (unpacked.is_in_head) unpacked.head_bytes += size;
  if (unpacked.head_bytes > kMaxHeaderBytes) {
    archive_set_error(archive, E2BIG, "entry header too large");
    return ARCHIVE_FATAL;
  }
  return static_cast<la_ssize_t>(size);
}

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};
using Archive = std::unique_ptr<struct archive, FreeArchive>;

absl::Status Broken(struct archive* archive) {
  const char* text = archive_error_string(archive);
  return absl::DataLossError(
      absl::StrCat("unpack layer: ",
                   Printable(text == nullptr ? "unknown error" : text, 200)));
}

// Names as UTF-8 where the archive says so, else the bytes that it has.
std::string Utf8Or(const char* utf8, const char* bytes) {
  if (utf8 != nullptr) return utf8;
  return bytes == nullptr ? "" : bytes;
}

LayerEntry::Kind KindOf(struct archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) {
    return LayerEntry::Kind::kHardLink;
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return LayerEntry::Kind::kFile;
    case AE_IFDIR:
      return LayerEntry::Kind::kFolder;
    case AE_IFLNK:
      return LayerEntry::Kind::kSymbolicLink;
    default:
      return LayerEntry::Kind::kOther;
  }
}

// Nothing if its path, or that of a hard link's target, leads out of the root,
// or no file system would have it.
std::optional<LayerEntry> Describe(struct archive_entry* entry) {
  LayerEntry described = {.kind = KindOf(entry)};
  std::optional<std::string> path = CleanPath(Utf8Or(
      archive_entry_pathname_utf8(entry), archive_entry_pathname(entry)));
  if (!path.has_value()) return std::nullopt;
  described.path = *std::move(path);
  if (described.kind == LayerEntry::Kind::kHardLink) {
    std::optional<std::string> target = CleanPath(Utf8Or(
        archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry)));
    if (!target.has_value()) return std::nullopt;
    described.target = *std::move(target);
  }
  if (described.kind == LayerEntry::Kind::kSymbolicLink) {
    described.target =
        Utf8Or(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
  }
  if (std::max(described.path.size(), described.target.size()) >
      kMaxPathBytes) {
    return std::nullopt;
  }
  return described;
}

absl::Status Content(struct archive* archive, int64_t limit_bytes,
                     ByteSink sink) {
  const auto piece = std::make_unique<char[]>(kPieceBytes);
  int64_t total = 0;
  while (true) {
    const la_ssize_t count =
        archive_read_data(archive, piece.get(), kPieceBytes);
    if (count == 0) return absl::OkStatus();
    if (count < 0) return Broken(archive);
    total += count;
    if (total > limit_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("larger than ", HumanBytes(limit_bytes)));
    }
    RETURN_IF_ERROR(
        sink(absl::string_view(piece.get(), static_cast<size_t>(count))));
  }
}

absl::Status ReadEntries(struct archive* archive, Unpacked& unpacked,
                         LayerVisitor visit) {
  const auto content = [&](int64_t limit_bytes, ByteSink sink) {
    return Content(archive, limit_bytes, sink);
  };
  for (int64_t count = 0; count < kMaxEntries; ++count) {
    unpacked.head_bytes = 0;
    unpacked.is_in_head = true;
    struct archive_entry* raw = nullptr;
    const int result = archive_read_next_header(archive, &raw);
    unpacked.is_in_head = false;
    if (result == ARCHIVE_EOF) return absl::OkStatus();
    // A warning concerns names or attributes; the entry can be read.
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Broken(archive);
    const std::optional<LayerEntry> entry = Describe(raw);
    if (entry) RETURN_IF_ERROR(visit(*entry, content));
    if (archive_read_data_skip(archive) < ARCHIVE_WARN) return Broken(archive);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("layer: more than ", kMaxEntries, " entries"));
}

absl::Status Unpack(BytePipe& pipe, LayerVisitor visit,
                    absl::FunctionRef<absl::Status()> may_go_on) {
  const Archive packed(archive_read_new());
  // Only these: "all" would draw in half of the system.
  archive_read_support_format_raw(packed.get());
  archive_read_support_filter_gzip(packed.get());
  archive_read_support_filter_zstd(packed.get());
  Intake intake = {.pipe = pipe};
  struct archive_entry* whole = nullptr;
  if (archive_read_open(packed.get(), &intake, nullptr, Pull, nullptr) !=
          ARCHIVE_OK ||
      archive_read_next_header(packed.get(), &whole) != ARCHIVE_OK) {
    return Broken(packed.get());
  }
  if (archive_filter_count(packed.get()) > kMaxFilters) {
    return absl::DataLossError("layer: compressed more than once");
  }
  const Archive tar(archive_read_new());
  archive_read_support_format_tar(tar.get());
  Unpacked unpacked = {.packed = packed.get(), .may_go_on = may_go_on};
  const bool is_tar = archive_read_open(tar.get(), &unpacked, nullptr,
                                        PullUnpacked, nullptr) == ARCHIVE_OK;
  const absl::Status read =
      is_tar ? ReadEntries(tar.get(), unpacked, visit) : Broken(tar.get());
  RETURN_IF_ERROR(unpacked.stopped);
  RETURN_IF_ERROR(read);
  // What follows the end of the tar belongs to the blob and its digest.
  while (true) {
    ASSIGN_OR_RETURN(const std::string rest, pipe.Read());
    if (rest.empty()) return absl::OkStatus();
  }
}

}  // namespace

absl::Status ReadLayer(absl::FunctionRef<absl::Status(ByteSink)> source,
                       LayerVisitor visit,
                       absl::FunctionRef<absl::Status()> may_go_on) {
  BytePipe pipe;
  absl::Status pushed;
  bool reader_left_first = false;
  std::jthread writer([&] {
    pushed = source([&](absl::string_view bytes) {
      absl::Status written = pipe.Write(bytes);
      reader_left_first = !written.ok();
      return written;
    });
    pipe.Finish(pushed);
  });
  const absl::Status unpacked = Unpack(pipe, visit, may_go_on);
  pipe.Leave();
  writer.join();
  return pushed.ok() || reader_left_first ? unpacked : pushed;
}

std::optional<std::string> CleanPath(absl::string_view path) {
  std::vector<absl::string_view> steps =
      absl::StrSplit(path, '/', absl::SkipEmpty());
  for (absl::string_view step : steps) {
    if (step == "..") return std::nullopt;
  }
  std::erase(steps, ".");
  return absl::StrJoin(steps, "/");
}

}  // namespace prepull
