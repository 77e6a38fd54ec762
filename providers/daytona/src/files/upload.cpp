#include "files/upload.hpp"

#include <mooring/http/parsers/multipart.hpp>

#include "errors.hpp"
#include "run/script.hpp"
#include "run/scripts.hpp"
#include "run/session.hpp"
#include "toolbox.hpp"

#include <openssl/evp.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace mooring::daytona {

namespace {

class Sha256 {
 public:
  Sha256() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    std::string out;
    for (unsigned i = 0; i < size; ++i)
      out += fmt::format("{:02x}", digest[i]);
    return out;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

/// A file whose contents are at hand, or the last piece of one.
struct Held {
  std::string path = {};
  std::string mode = {};
  std::string bytes = {};
};

/// Files that go to their places by one request.
struct Batch {
  std::vector<Held> files = {};
  std::size_t bytes = 0;
  std::size_t pathBytes = 0;
};

std::string modeWord(const WriteOptions& options) {
  // Five digits: for a directory chmod would keep some bits otherwise, and it does no harm to a file.
  return options.mode ? fmt::format("{:05o}", *options.mode) : "keep";
}

class Upload {
 public:
  Upload(FilePlace place, UploadLimits limits) : place_(std::move(place)), limits_(limits) {}

  Task<void> all(std::function<std::optional<FileUpload>()> next) {
    while (auto file = next()) {
      if (auto fine = checkPath(file->path); !fine) co_return fine;
      auto added = co_await add(std::move(*file));
      if (!added) co_return added;
    }
    co_return co_await flush();
  }

 private:
  [[nodiscard]] std::string staging() const { return fmt::format("{}/up-{}", RunId().directory, key_); }

  Task<void> add(FileUpload file) {
    Held held;
    held.path = argument(file.path);
    held.mode = modeWord(file.options);
    if (file.path.value.ends_with('/')) co_return fileFailure("write", file.path.value, "Is a directory");
    std::string bytes;
    auto whole = co_await readPiece(*file.source, bytes);
    if (!whole) co_return std::unexpected(std::move(whole).error());
    if (!*whole) {
      auto flushed = co_await flush();
      if (!flushed) co_return flushed;
      co_return co_await inPieces(std::move(held), std::move(file.source), std::move(bytes));
    }
    const bool full = batch_.bytes + bytes.size() > limits_.piece ||
                      batch_.files.size() >= limits_.filesAtOnce ||
                      batch_.pathBytes + held.path.size() > limits_.pathBytesAtOnce;
    if (full && !batch_.files.empty()) {
      auto flushed = co_await flush();
      if (!flushed) co_return flushed;
    }
    batch_.bytes += bytes.size();
    batch_.pathBytes += held.path.size();
    held.bytes = std::move(bytes);
    batch_.files.push_back(std::move(held));
    co_return Result<void>();
  }

  /// Fills `bytes` up to a piece. Whether that was all.
  Task<bool> readPiece(ByteSource& source, std::string& bytes) const {
    const auto known = source.size();
    // One byte more tells the end of a source that does not know its size.
    const auto wanted = known ? std::min<std::uint64_t>(*known, limits_.piece) : limits_.piece;
    std::size_t filled = 0;
    bool end = false;
    while (!end && filled < limits_.piece) {
      const auto room = std::max<std::size_t>(known && filled == 0 ? wanted : 0, std::size_t{64} * 1024);
      bytes.resize(std::min(filled + room, limits_.piece));
      auto count = co_await source.read(std::as_writable_bytes(std::span(bytes).subspan(filled)));
      if (!count) co_return std::unexpected(std::move(count).error());
      end = *count == 0;
      filled += *count;
    }
    bytes.resize(filled);
    co_return end;
  }

  /// All that has been gathered, to its places.
  Task<void> flush() {
    auto batch = std::exchange(batch_, Batch());
    if (batch.files.empty()) co_return Result<void>();
    std::vector<std::string> args;
    const bool together = batch.bytes <= limits_.together;
    args.push_back(together ? "here" : staging());
    args.insert(args.end(), {"", ""});
    for (const auto& file : batch.files)
      args.insert(args.end(), {std::to_string(file.bytes.size()), file.mode, file.path});
    std::shared_ptr<ByteSource> input;
    if (together) {
      std::string bytes;
      for (const auto& file : batch.files)
        bytes += file.bytes;
      if (!bytes.empty()) input = sourceOf(std::move(bytes));
    } else {
      std::vector<std::string> contents;
      contents.reserve(batch.files.size());
      for (auto& file : batch.files)
        contents.push_back(std::move(file.bytes));
      auto sent = co_await send(1, std::move(contents));
      if (!sent) co_return sent;
    }
    auto put = co_await callShell(place_, scripts::put, std::move(args), std::move(input), Effect::changes);
    if (!put) co_return std::unexpected(std::move(put).error());
    co_return judge(*put, batch);
  }

  /// One file above the limit: piece by piece, joined and checked at the end.
  Task<void> inPieces(Held file, std::shared_ptr<ByteSource> source, std::string bytes) {
    Sha256 hash;
    std::size_t count = 0;
    bool end = false;
    while (true) {
      hash.add(bytes);
      std::vector<std::string> contents;
      contents.push_back(std::move(bytes));
      auto sent = co_await send(++count, std::move(contents));
      if (!sent) co_return co_await abandoned(std::move(sent).error());
      if (end) break;
      bytes.clear();
      auto whole = co_await readPiece(*source, bytes);
      if (!whole) co_return co_await abandoned(std::move(whole).error());
      end = *whole;
      if (bytes.empty()) break;
    }
    const std::vector<std::string> args{
        staging(), std::to_string(count), hash.hex(), "0", file.mode, file.path};
    std::shared_ptr<ByteSource> nothing;
    auto put = co_await callShell(place_, scripts::put, args, std::move(nothing), Effect::changes);
    if (!put) co_return std::unexpected(std::move(put).error());
    Batch one;
    one.files.push_back(std::move(file));
    co_return judge(*put, one);
  }

  /// Half a file is of no use to anybody. Sandboxes sweep what stays in spite of this.
  Task<void> abandoned(Error error) {
    std::vector<std::string> args{"-rf", staging()};
    std::shared_ptr<ByteSource> nothing;
    auto removed = co_await callProgram(place_, "rm", std::move(args), std::move(nothing), Effect::changes);
    (void)removed;
    co_return std::unexpected(std::move(error));
  }

  /// Contents `number`, `number` + 1, … to the staging place.
  Task<void> send(std::size_t number, std::vector<std::string> contents) {
    auto shared = std::make_shared<const std::vector<std::string>>(std::move(contents));
    const auto boundary = newKey(*place_.account);
    http::Request request;
    request.method = http::Method::post;
    request.target = "/files/bulk-upload";
    request.idempotency = http::Idempotency::safe;  // The same bytes to places that nobody else knows.
    request.deadline = place_.call.deadline;
    request.buffer = std::size_t{128} * 1024;
    request.headers.add("Content-Type", http::MultipartForm(boundary).contentType());
    request.body = http::Body::replayable(
        [shared, boundary, number, to = staging()]() -> Result<std::shared_ptr<ByteSource>> {
          http::MultipartForm form(boundary);
          for (std::size_t i = 0; i < shared->size(); ++i) {
            form.addField(fmt::format("files[{}].path", i), fmt::format("{}/{}", to, number + i));
            form.addFile(fmt::format("files[{}].file", i), "content", std::make_shared<Shared>(shared, i));
          }
          return std::move(form).body();
        });
    auto response = co_await callToolbox(place_.account, place_.instance, std::move(request));
    if (!response) co_return std::unexpected(std::move(response).error());
    if (!response->ok())
      co_return std::unexpected(errorFrom(*place_.account, *response, "upload to the sandbox"));
    co_return Result<void>();
  }

  /// "3 mv: …: File exists" for each file that is not in place.
  Result<void> judge(const ShellResult& put, const Batch& batch) const {
    if (put.exitCode == 0) return {};
    std::size_t number = 0;
    const auto* begin = put.err.data();
    const auto [end, ec] = std::from_chars(begin, begin + put.err.size(), number);
    const bool named = ec == std::errc() && number >= 1 && number <= batch.files.size();
    const auto line = std::string_view(put.err).substr(named ? static_cast<std::size_t>(end - begin) : 0);
    auto failed = fileFailure("write",
                              named ? batch.files[number - 1].path : "files",
                              line.substr(0, line.find('\n')),
                              Errc::conflict);
    const auto others = std::ranges::count(put.err, '\n') - 1;
    if (named && others > 0) {
      failed.error().message += fmt::format(
          "; {} more of these {} files failed, the others are in place", others, batch.files.size());
    }
    return failed;
  }

  class Shared final : public ByteSource {
   public:
    Shared(std::shared_ptr<const std::vector<std::string>> contents, std::size_t index)
        : contents_(std::move(contents)), index_(index) {}
    Task<std::size_t> read(std::span<std::byte> buffer) override {
      const auto piece = asBytes(std::string_view((*contents_)[index_]).substr(offset_, buffer.size()));
      std::ranges::copy(piece, buffer.begin());
      offset_ += piece.size();
      co_return piece.size();
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return (*contents_)[index_].size(); }

   private:
    std::shared_ptr<const std::vector<std::string>> contents_;
    std::size_t index_;
    std::size_t offset_ = 0;
  };

  FilePlace place_;
  UploadLimits limits_;
  std::string key_ = newKey(*place_.account);
  Batch batch_;
};

}  // namespace

Task<void> uploadFiles(FilePlace place,
                       std::function<std::optional<FileUpload>()> next,
                       UploadLimits limits) {
  Upload upload(std::move(place), limits);
  co_return co_await upload.all(std::move(next));
}

}  // namespace mooring::daytona
