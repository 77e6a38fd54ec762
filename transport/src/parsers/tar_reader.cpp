#include <mooring/http/parsers/tar.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mooring::http {

namespace {

constexpr std::size_t block = 512;
constexpr std::uint64_t maxExtension = std::uint64_t{1} * 1024 * 1024;

std::string_view textAt(std::string_view header, std::size_t offset, std::size_t size) {
  const auto field = header.substr(offset, size);
  return field.substr(0, field.find('\0'));
}

/// Octal text, or a big-endian number behind a set high bit, for what does not fit.
std::optional<std::uint64_t> numberAt(std::string_view header, std::size_t offset, std::size_t size) {
  auto field = header.substr(offset, size);
  if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7FU;
    for (const char c : field.substr(1)) {
      if (value >> 55U) return std::nullopt;
      value = (value << 8U) | static_cast<unsigned char>(c);
    }
    return value;
  }
  std::uint64_t value = 0;
  while (field.starts_with(' '))
    field.remove_prefix(1);
  for (const char c : field) {
    if (c == '\0' || c == ' ') break;
    if (c < '0' || c > '7' || value >> 60U) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksumFits(std::string_view header) {
  const auto stated = numberAt(header, 148, 8);
  if (!stated) return false;
  std::uint64_t sum = 0;
  std::int64_t signedSum = 0;  // Old archivers summed signed characters.
  for (std::size_t i = 0; i < block; ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : header[i];
    sum += static_cast<unsigned char>(c);
    signedSum += static_cast<signed char>(c);
  }
  return *stated == sum || static_cast<std::int64_t>(*stated) == signedSum;
}

std::uint64_t paddingOf(std::uint64_t size) { return (block - size % block) % block; }

template <class Number>
std::optional<Number> decimal(std::string_view text) {
  Number value{};
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  // A time may have a fraction.
  const std::string_view tail(stop, static_cast<std::size_t>(text.data() + text.size() - stop));
  if (text.empty() || problem != std::errc() || !(tail.empty() || tail.starts_with('.'))) return std::nullopt;
  return value;
}

std::string pathOf(std::string_view header) {
  const bool ustar = header.substr(257, 5) == "ustar";
  std::string path(textAt(header, 0, 100));
  const auto prefix = ustar && header[263] == '0' ? textAt(header, 345, 155) : std::string_view();
  return prefix.empty() ? path : std::string(prefix) + "/" + path;
}

}  // namespace

void TarReader::push(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

Result<std::optional<TarEvent>> TarReader::needMore() const {
  if (finished_) return failure(Errc::corrupted, "a tar archive ends before its end mark");
  return std::nullopt;
}

bool TarReader::skipPadding() {
  const auto step = std::min<std::uint64_t>(padding_, rest().size());
  taken_ += static_cast<std::size_t>(step);
  padding_ -= step;
  return padding_ == 0;
}

Result<std::optional<TarEvent>> TarReader::next() {
  for (;;) {
    switch (state_) {
      case State::header: {
        if (rest().size() < block) return needMore();
        auto event = readHeader();
        if (!event || *event) return event;
        break;
      }
      case State::extension: {
        auto complete = readExtension();
        if (!complete) return std::unexpected(std::move(complete).error());
        if (!*complete) return needMore();
        break;
      }
      case State::data:
        if (left_ > 0) return readData();
        state_ = State::padding;
        return TarEvent{.kind = TarEvent::Kind::end};
      case State::padding:
        if (!skipPadding()) return needMore();
        state_ = State::header;
        break;
      case State::ended:
        state_ = State::closed;
        return TarEvent{.kind = TarEvent::Kind::close};
      case State::closed:
        taken_ = buffer_.size();
        return std::nullopt;
    }
  }
}

Result<std::optional<TarEvent>> TarReader::readHeader() {
  const auto header = rest().substr(0, block);
  if (std::ranges::all_of(header, [](char c) { return c == '\0'; })) {
    taken_ += block;
    state_ = State::ended;
    return std::nullopt;
  }
  if (!checksumFits(header))
    return failure(Errc::corrupted, "not a tar archive, or a broken one: a header's checksum is wrong");
  auto size = numberAt(header, 124, 12);
  const auto mode = numberAt(header, 100, 8);
  const auto modified = numberAt(header, 136, 12);
  if (!size || !mode || !modified)
    return failure(Errc::corrupted, "a tar header holds a number that is none");

  const char type = header[156];
  if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
    if (*size > maxExtension) return failure(Errc::corrupted, "a tar extension header is longer than 1 MiB");
    extensionType_ = type;
    left_ = *size;
    padding_ = paddingOf(*size);
    taken_ += block;
    state_ = State::extension;
    return std::nullopt;
  }
  if (type == 'S' || type == 'M' || type == 'V') {
    return failure(Errc::unsupported, "a sparse or multi-volume tar archive");
  }
  TarEvent event;
  auto& entry = event.entry;
  entry.path = next_.path ? *next_.path : global_.path.value_or(pathOf(header));
  entry.linkTarget = next_.linkTarget ? *next_.linkTarget : std::string(textAt(header, 157, 100));
  entry.mode = static_cast<int>(*mode & 07777U);
  entry.modifiedAt = next_.modifiedAt.value_or(
      global_.modifiedAt.value_or(static_cast<std::int64_t>(*modified)));
  *size = next_.size.value_or(*size);
  switch (type) {
    case '\0':
    case '0':
    case '7':
      entry.type = entry.path.ends_with('/') ? FileType::directory : FileType::file;
      break;
    case '2':
      entry.type = FileType::symlink;
      break;
    case '5':
      entry.type = FileType::directory;
      break;
    default:
      entry.type = FileType::other;
      break;
  }
  // Links and devices have no data, whatever their header says; an unknown type's is passed on.
  const bool bare = type >= '1' && type <= '6';
  entry.size = bare ? 0 : *size;
  left_ = entry.size;
  padding_ = paddingOf(entry.size);
  next_ = {};
  taken_ += block;
  state_ = State::data;
  return event;
}

Result<std::optional<TarEvent>> TarReader::readData() {
  const auto available = std::min<std::uint64_t>(left_, rest().size());
  if (available == 0) return needMore();
  TarEvent event{.kind = TarEvent::Kind::data};
  event.bytes = rest().substr(0, static_cast<std::size_t>(available));
  taken_ += static_cast<std::size_t>(available);
  left_ -= available;
  return event;
}

Result<bool> TarReader::readExtension() {
  if (rest().size() < left_ + padding_) return false;
  const auto content = rest().substr(0, static_cast<std::size_t>(left_));
  switch (extensionType_) {
    case 'L':
      next_.path = std::string(content.substr(0, content.find('\0')));
      break;
    case 'K':
      next_.linkTarget = std::string(content.substr(0, content.find('\0')));
      break;
    default: {
      auto read = readPax(content, extensionType_ == 'g' ? global_ : next_);
      if (!read) return read;
    }
  }
  taken_ += static_cast<std::size_t>(left_ + padding_);
  left_ = 0;
  padding_ = 0;
  state_ = State::header;
  return true;
}

Result<bool> TarReader::readPax(std::string_view records, Overrides& into) {
  while (!records.empty() && records.front() != '\0') {
    const auto blank = records.find(' ');
    const auto length = decimal<std::size_t>(records.substr(0, std::min(blank, records.size())));
    if (blank == std::string_view::npos || !length || *length <= blank + 1 || *length > records.size() ||
        records[*length - 1] != '\n') {
      return failure(Errc::corrupted, "a tar extension header (pax) is malformed");
    }
    const auto record = records.substr(blank + 1, *length - blank - 2);
    records.remove_prefix(*length);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos)
      return failure(Errc::corrupted, "a tar extension header (pax) is malformed");
    const auto key = record.substr(0, equals);
    const auto value = record.substr(equals + 1);
    if (key.starts_with("GNU.sparse")) return failure(Errc::unsupported, "a sparse tar archive");
    if (key == "path") into.path = std::string(value);
    if (key == "linkpath") into.linkTarget = std::string(value);
    if (key == "mtime") into.modifiedAt = decimal<std::int64_t>(value);
    if (key == "size") {
      into.size = decimal<std::uint64_t>(value);
      if (!into.size)
        return failure(Errc::corrupted, "a tar extension header (pax) states a size that is none");
    }
  }
  return true;
}

}  // namespace mooring::http
