#include "command_log.hpp"

#include <mooring/emulation/text.hpp>

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

}  // namespace

Task<void> followOutput(emulation::MachinePtr machine,
                        CommandRunPtr run,
                        std::size_t pieceSize,
                        emulation::BackgroundPtr background) {
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
  line["data"] = emulation::validUtf8(bytes);
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
