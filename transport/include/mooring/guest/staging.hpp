/// Files on their way into a sandbox: one archive with all of them, and with the script that puts each in its
/// place once everything is there. So nobody sees half a file, or half of the files.
#pragma once

#include <mooring/http/parsers/tar.hpp>
#include <mooring/http/request.hpp>
#include <mooring/provider.hpp>
#include <mooring/registry.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mooring::guest {

/// A source of unknown length as files of a mebibyte, `prefix` + "000001" …, so that an archive can say each
/// one's length before it. Memory: one of them.
http::TarItems partsOf(std::string prefix, std::shared_ptr<ByteSource> source);

/// Lives as long as the items it gives.
class Staging {
 public:
  /// `directory`: absolute, in the sandbox, of this upload alone.
  Staging(std::string directory, std::function<std::optional<FileUpload>()> next);

  /// The files as they come, each under a number, and last the script.
  static http::TarItems items(std::shared_ptr<Staging> self);

  /// How many files there were, once the items have ended.
  [[nodiscard]] int count() const { return count_; }
  /// To be run with `sh`. It removes the directory.
  [[nodiscard]] std::string scriptPath() const { return directory_ + "/place"; }

 private:
  static Task<std::optional<http::TarItem>> next(std::shared_ptr<Staging> self);
  std::optional<http::TarItem> begin(FileUpload upload);
  std::optional<http::TarItem> scriptItem();

  std::string directory_;
  std::function<std::optional<FileUpload>()> next_;
  std::string script_;
  http::TarItems parts_;
  int count_ = 0;
  bool closed_ = false;
};

/// `items`, whose paths are absolute, as an archive to be unpacked at "/". It is made while it is sent, and
/// can be sent again: what has been sent is kept, up to SpoolOptions. Errors: those of the first items.
Task<http::Body> archiveBody(const ProviderContext& context,
                             http::TarItems items,
                             http::TarCompression compression);

}  // namespace mooring::guest
