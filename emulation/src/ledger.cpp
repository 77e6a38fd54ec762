#include <mooring/emulation/ledger.hpp>
#include <mooring/http/url.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace mooring::emulation {

namespace json = boost::json;

namespace {

bool isCredential(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(std::initializer_list<std::string_view>{"token", "key", "signature", "secret"},
                             [&](std::string_view word) { return lower.ends_with(word); });
}

json::object toJson(const LedgerEntry& entry) {
  json::object object;
  object["sequence"] = entry.sequence;
  object["method"] = entry.method;
  object["route"] = entry.route;
  object["target"] = entry.target;
  object["status"] = entry.status;
  object["bodyBytes"] = entry.bodyBytes;
  if (!entry.bodyDigest.empty()) object["bodyDigest"] = entry.bodyDigest;
  if (!entry.fault.empty()) object["fault"] = entry.fault;
  return object;
}

json::array textsOf(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts)
    array.emplace_back(text);
  return array;
}

}  // namespace

std::string safeTarget(const Request& request) {
  // The template says which parts of the path are credentials, however they were written.
  std::string_view pattern = request.route;
  pattern.remove_prefix(std::min(pattern.size(), pattern.find('/')));
  std::string_view path = request.path;
  std::string safe;
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/', 1));
    const auto name = pattern.substr(0, pattern.find('/', 1));
    path.remove_prefix(part.size());
    pattern.remove_prefix(name.size());
    const bool hidden = name.starts_with("/{") && name.ends_with('}') &&
                        isCredential(name.substr(2, name.size() - 3));
    safe += hidden ? "/***" : std::string(part);
  }
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    safe += separator + http::escape(name) + "=" + (isCredential(name) ? "***" : http::escape(value));
    separator = '&';
  }
  return safe;
}

Result<void> Ledger::recordTo(const std::filesystem::path& file) {
  const std::scoped_lock lock(mutex_);
  record_.open(file, std::ios::app);
  if (record_) return {};
  return failure(Errc::invalidArgument, "cannot write the ledger to " + file.string());
}

bool Ledger::recording() const {
  const std::scoped_lock lock(mutex_);
  return record_.is_open();
}

std::uint64_t Ledger::begin(const Request& request, std::string fault) {
  const std::scoped_lock lock(mutex_);
  LedgerEntry entry;
  entry.sequence = nextSequence_++;
  entry.method = request.method;
  entry.route = request.route;
  entry.target = safeTarget(request);
  entry.fault = std::move(fault);
  ++counts_[entry.route];
  const auto sequence = entry.sequence;
  entries_.push_back(std::move(entry));
  return sequence;
}

void Ledger::update(const LedgerEntry& entry) {
  const std::scoped_lock lock(mutex_);
  take(entry);
}

LedgerEntry* Ledger::take(const LedgerEntry& entry) {
  const auto known = std::ranges::find(entries_, entry.sequence, &LedgerEntry::sequence);
  if (known == entries_.end()) return nullptr;  // The ledger was reset meanwhile.
  known->status = entry.status;
  known->bodyBytes = entry.bodyBytes;
  known->bodyDigest = entry.bodyDigest;
  return &*known;
}

void Ledger::finish(const LedgerEntry& entry, const Request& request, const RecordedBodies& bodies) {
  const std::scoped_lock lock(mutex_);
  const auto* known = take(entry);
  if (known == nullptr || !record_.is_open()) return;
  auto line = toJson(*known);
  json::array query;
  for (const auto& [name, value] : request.query) {
    json::array pair;
    pair.emplace_back(name);
    pair.emplace_back(isCredential(name) ? "***" : value);
    query.emplace_back(std::move(pair));
  }
  line["query"] = std::move(query);
  line["contentType"] = bodies.contentType;
  line["body"] = bodies.request;
  line["replyContentType"] = bodies.replyContentType;
  line["replyBody"] = bodies.reply;
  record_ << json::serialize(line) << std::endl;
}

void Ledger::connectionsAccepted(std::uint64_t count) {
  const std::scoped_lock lock(mutex_);
  connections_ = count;
}

void Ledger::created(std::string sandbox) {
  const std::scoped_lock lock(mutex_);
  created_.push_back(sandbox);
  living_.push_back(std::move(sandbox));
}

void Ledger::destroyed(const std::string& sandbox) {
  const std::scoped_lock lock(mutex_);
  std::erase(living_, sandbox);
}

void Ledger::ran(std::string sandbox, std::string digest) {
  const std::scoped_lock lock(mutex_);
  commands_.push_back(LedgerCommand{std::move(sandbox), std::move(digest)});
}

std::vector<LedgerEntry> Ledger::entries() const {
  const std::scoped_lock lock(mutex_);
  return entries_;
}

std::map<std::string, std::uint64_t> Ledger::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

std::uint64_t Ledger::count(std::string_view route) const {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(std::string(route));
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t Ledger::total() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

std::uint64_t Ledger::connections() const {
  const std::scoped_lock lock(mutex_);
  return connections_ - connectionsBefore_;
}

std::vector<std::string> Ledger::createdSandboxes() const {
  const std::scoped_lock lock(mutex_);
  return created_;
}

std::vector<std::string> Ledger::livingSandboxes() const {
  const std::scoped_lock lock(mutex_);
  return living_;
}

std::vector<LedgerCommand> Ledger::commands() const {
  const std::scoped_lock lock(mutex_);
  return commands_;
}

void Ledger::reset() {
  const std::scoped_lock lock(mutex_);
  entries_.clear();
  counts_.clear();
  commands_.clear();
  created_ = living_;
  connectionsBefore_ = connections_;
}

json::object Ledger::json() const {
  const std::scoped_lock lock(mutex_);
  json::object counts;
  for (const auto& [route, count] : counts_)
    counts[route] = count;
  json::array entries;
  for (const auto& entry : entries_)
    entries.emplace_back(toJson(entry));
  json::array commands;
  for (const auto& command : commands_) {
    json::object object;
    object["sandbox"] = command.sandbox;
    object["digest"] = command.digest;
    commands.emplace_back(std::move(object));
  }
  json::object object;
  object["requests"] = entries_.size();
  object["connections"] = connections_ - connectionsBefore_;
  object["counts"] = std::move(counts);
  object["entries"] = std::move(entries);
  object["created"] = textsOf(created_);
  object["living"] = textsOf(living_);
  object["commands"] = std::move(commands);
  return object;
}

}  // namespace mooring::emulation
