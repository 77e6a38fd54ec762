#include "saved_files.hpp"

#include <fstream>

namespace mooring::vercel::emulated {

namespace fs = std::filesystem;

namespace {

std::unexpected<Error> failed(const std::string& what, const std::string& why) {
  return failure(Errc::internal, "the emulator cannot " + what + ": " + why);
}

class ToFile final : public RunObserver {
 public:
  explicit ToFile(const fs::path& file) : file_(file, std::ios::binary | std::ios::trunc) {}
  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    const auto text = asText(bytes);
    if (stream == Stream::err) {
      complaint_ += text;
    } else {
      file_.write(text.data(), static_cast<std::streamsize>(text.size()));
      size_ += text.size();
    }
  }
  [[nodiscard]] bool good() { return file_.flush().good(); }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  std::ofstream file_;
  std::uint64_t size_ = 0;
  std::string complaint_;
};

class FromFile final : public ByteSource {
 public:
  explicit FromFile(const fs::path& file) : file_(file, std::ios::binary) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    file_.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(buffer.size()));
    if (file_.bad() || !file_.is_open()) co_return failed("read a snapshot", "its archive is damaged");
    co_return static_cast<std::size_t>(file_.gcount());
  }

 private:
  std::ifstream file_;
};

CommandSpec packing(const emulation::MachineSpec& spec) {
  CommandSpec command;
  command.program = "tar";
  command.args = {"--create", "--file", "-", "--directory", "/"};
  for (const auto& volume : spec.volumes)
    command.args.push_back("--exclude=" + volume.mountPath.substr(1));
  command.args.push_back(spec.home.substr(1));
  command.args.emplace_back("var/tmp");
  command.input = sourceOf("");
  return command;
}

}  // namespace

ArchiveFolder::ArchiveFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code seen;  // Where it cannot be made, the first snapshot says so.
  fs::create_directories(folder_, seen);
}

ArchiveFolder::~ArchiveFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Task<std::uint64_t> saveFiles(emulation::MachinePtr machine, fs::path archive) {
  auto started = co_await machine->start();
  if (!started) co_return std::unexpected(std::move(started).error());
  ToFile file(archive);
  auto packed = co_await machine->run(packing(machine->spec()), file, std::chrono::milliseconds(0));
  if (!packed.result) co_return std::unexpected(std::move(packed.result).error());
  if (packed.result->exitCode != 0) co_return failed("pack a snapshot", file.complaint());
  if (!file.good()) co_return failed("pack a snapshot", "its archive cannot be written");
  co_return file.size();
}

Task<void> restoreFiles(emulation::MachinePtr machine, fs::path archive) {
  CommandSpec command;
  command.program = "tar";
  command.args = {"--extract", "--file", "-", "--preserve-permissions", "--directory", "/"};
  command.input = std::make_shared<FromFile>(archive);
  auto unpacked = co_await machine->runCaptured(std::move(command));
  if (!unpacked) co_return std::unexpected(std::move(unpacked).error());
  if (unpacked->end.exitCode != 0) co_return failed("unpack a snapshot", unpacked->err);
  co_return Result<void>();
}

}  // namespace mooring::vercel::emulated
