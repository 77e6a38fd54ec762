#include "command_log.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace mooring::vercel::emulated {

namespace json = boost::json;

namespace {

Task<void> followStream(emulation::MachinePtr machine,
                        CommandRunPtr run,
                        Stream stream,
                        std::size_t pieceSize) {
  std::uint64_t offset = 0;
  for (;;) {
    auto chunk = co_await machine->output(run->id, stream, offset, pieceSize, true);
    if (!chunk) co_return std::unexpected(std::move(chunk).error());
    if (!chunk->bytes.empty()) {
      run->pieces.push_back(LogPiece{stream, offset, chunk->bytes.size()});
      run->changed.notify();
    }
    offset = chunk->nextOffset;
    if (chunk->ended) co_return Result<void>();
  }
}

/// How long the character at the front of `text` is; 0 when there is none.
std::size_t characterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

std::string asUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = characterLength(bytes);
    text += length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

Task<void> followOutput(emulation::MachinePtr machine,
                        CommandRunPtr run,
                        std::size_t pieceSize,
                        BackgroundPtr background) {
  auto errors = background->begin<void>(followStream(machine, run, Stream::err, pieceSize));
  auto printed = co_await followStream(machine, run, Stream::out, pieceSize);
  auto complained = co_await errors->result();
  if (!printed) co_return printed;
  co_return complained;
}

Task<std::string> logLine(emulation::MachinePtr machine, CommandRunPtr run, LogPiece piece) {
  std::string bytes;
  while (bytes.size() < piece.size) {
    const auto left = piece.size - bytes.size();
    auto chunk = co_await machine->output(run->id, piece.stream, piece.offset + bytes.size(), left, false);
    if (!chunk) co_return std::unexpected(std::move(chunk).error());
    if (chunk->bytes.empty()) break;
    bytes += chunk->bytes;
  }
  json::object line;
  line["stream"] = toString(piece.stream);
  line["data"] = asUtf8(bytes);
  co_return json::serialize(line) + "\n";
}

std::string streamClosedLine() {
  json::object data;
  data["code"] = "sandbox_stream_closed";
  data["message"] = "Sandbox stream was closed and is not accepting commands.";
  json::object line;
  line["stream"] = "error";
  line["data"] = std::move(data);
  return json::serialize(line) + "\n";
}

}  // namespace mooring::vercel::emulated
