#include "test/support/tar_builder.h"

#include <zlib.h>
#include <zstd.h>

#include <cassert>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace prepull {
namespace {

constexpr size_t kBlock = 512;

void Put(std::string& header, size_t offset, absl::string_view text) {
  header.replace(offset, text.size(), text.data(), text.size());
}

}  // namespace

TarBuilder& TarBuilder::File(absl::string_view path, absl::string_view text) {
  if (path.size() > 100) {
    Add("././@LongLink", 'L', "", absl::StrCat(path, std::string(1, '\0')));
  }
  return Add(path.substr(0, 100), '0', "", text);
}

TarBuilder& TarBuilder::Folder(absl::string_view path) {
  return Add(path, '5', "", "");
}

TarBuilder& TarBuilder::SymbolicLink(absl::string_view path,
                                     absl::string_view target) {
  return Add(path, '2', target, "");
}

TarBuilder& TarBuilder::HardLink(absl::string_view path,
                                 absl::string_view target) {
  return Add(path, '1', target, "");
}

TarBuilder& TarBuilder::Attributes(absl::string_view records) {
  return Add("attributes", 'x', "", records);
}

std::string TarBuilder::Take() const {
  return blocks_ + std::string(2 * kBlock, '\0');
}

// Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
TarBuilder& TarBuilder::Add(absl::string_view path, char type,
                            absl::string_view target, absl::string_view text) {
  assert(path.size() <= 100 && target.size() <= 100);
  std::string header(kBlock, '\0');
  Put(header, 0, path);
  Put(header, 100, "0000644");
  Put(header, 108, "0000000");
  Put(header, 116, "0000000");
  Put(header, 124, absl::StrFormat("%011o", text.size()));
  Put(header, 136, "00000000000");
  Put(header, 148, "        ");
  header[156] = type;
  Put(header, 157, target);
  Put(header, 257, "ustar");
  Put(header, 263, "00");
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  Put(header, 148, absl::StrFormat("%06o", sum));
  header[154] = '\0';
  blocks_ += header;
  blocks_.append(text.data(), text.size());
  blocks_.append((kBlock - text.size() % kBlock) % kBlock, '\0');
  return *this;
}

std::string Gzip(const std::string& bytes) {
  z_stream stream = {};
  constexpr int kGzipFormat = 15 + 16;
  int result = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipFormat, 8,
                            Z_DEFAULT_STRATEGY);
  assert(result == Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  result = deflate(&stream, Z_FINISH);
  assert(result == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Zstd(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(packed.data(), packed.size(), bytes.data(),
                                    bytes.size(), 3);
  assert(!ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

}  // namespace prepull
