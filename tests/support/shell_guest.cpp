#include "support/shell_guest.hpp"

#include <mooring/http/parsers/multipart.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mooring::test {

namespace {

constexpr std::string_view usualRuns = "/tmp/.mooring-run";

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string parameterOf(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return unescaped(pair.substr(name.size() + 1));
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return {};
}

struct Spawned {
  pid_t pid = -1;
  int in = -1;
  int out = -1;
};

Spawned spawn(const std::vector<std::string>& words,
              const std::vector<std::string>& env,
              const fs::path& cwd) {
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out[1], 2);
  // What it leaves behind must not hold our connections open, nor begin with what this process ignores.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const auto& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  envp.reserve(env.size() + 1);
  for (const auto& variable : env)
    envp.push_back(const_cast<char*>(variable.c_str()));
  envp.push_back(nullptr);
  Spawned child;
  const int error = ::posix_spawnp(&child.pid, argv[0], &actions, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(in[0]);
  ::close(out[1]);
  child.in = in[1];
  child.out = out[0];
  if (error != 0) throw std::runtime_error("cannot start " + words.front());
  return child;
}

std::vector<std::string> environment(const ShellGuestOptions& options, const fs::path& home) {
  const char* path = std::getenv("PATH");
  std::string search = options.pathFirst;
  if (!options.onlyThat) search += (search.empty() ? "" : ":") + std::string(path ? path : "/usr/bin:/bin");
  return {"PATH=" + search, "HOME=" + home.string(), "LANG=C.UTF-8"};
}

}  // namespace

ShellGuest::ShellGuest(ShellGuestOptions options) : options_(std::move(options)) {
  fs::create_directories(home());
  server_ = std::make_unique<HttpServer>([this](Exchange& exchange) { serve(exchange); });
}

ShellGuest::~ShellGuest() { server_.reset(); }

std::string ShellGuest::translated(std::string text) const {
  const auto ours = runs().string();
  for (auto at = text.find(usualRuns); at != std::string::npos; at = text.find(usualRuns, at + ours.size()))
    text.replace(at, usualRuns.size(), ours);
  return text;
}

fs::path ShellGuest::inside(std::string path) const { return home() / translated(std::move(path)); }

std::string ShellGuest::execute(std::string command) const {
  command = translated(std::move(command));
  const auto child = spawn(options_.outer, environment(options_, home()), home());
  for (std::string_view rest = command; !rest.empty();) {
    const auto count = ::write(child.in, rest.data(), rest.size());
    if (count <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  ::close(child.in);
  std::string printed;
  char buffer[65536];
  while (true) {
    const auto count = ::read(child.out, buffer, sizeof buffer);
    if (count <= 0) break;
    printed.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(child.out);
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  return printed;
}

void ShellGuest::onRequest(std::function<bool(Exchange&, int)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

std::vector<std::string> ShellGuest::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ShellGuest::forgetRequests() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
  count_ = 0;
}

void ShellGuest::serve(Exchange& exchange) {
  const auto& request = exchange.request();
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  auto path = std::string(target.substr(0, mark));
  const auto query = mark == std::string_view::npos ? std::string() : std::string(target.substr(mark + 1));
  constexpr std::string_view toolbox = "/toolbox/box";
  if (path.starts_with(toolbox)) path.erase(0, toolbox.size());
  std::function<bool(Exchange&, int)> hook;
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + path);
    number = ++count_;
    hook = hook_;
  }
  if (hook && hook(exchange, number)) return;
  handle(exchange, path, query);
}

void ShellGuest::handle(Exchange& exchange, const std::string& path, const std::string& query) {
  exchange.readBody();
  const HeaderList json{{"Content-Type", "application/json"}};
  if (path == "/process/execute") {
    const auto body = boost::json::parse(exchange.request().body);
    const auto printed = execute(std::string(body.at("command").as_string()));
    exchange.reply(
        200, boost::json::serialize(boost::json::value{{"exitCode", 0}, {"result", printed}}), json);
  } else if (path == "/files/bulk-upload") {
    upload(exchange);
  } else if (path == "/files/download") {
    download(exchange, query);
  } else if (path.starts_with("/api/sandbox/box")) {
    exchange.reply(200,
                   R"({"id":"box","name":"box","state":"started","toolboxProxyUrl":")" + toolboxUrl() + "\"}",
                   json);
  } else {
    exchange.reply(404, R"({"statusCode":404,"message":"not here"})", json);
  }
}

void ShellGuest::upload(Exchange& exchange) {
  auto parser = http::Multipart::forContentType(exchange.request().header("Content-Type").value_or(""));
  if (!parser) return exchange.reply(400, parser.error().message);
  parser->push(exchange.request().body);
  parser->finish();
  std::string name;
  std::string content;
  std::string path;
  while (true) {
    auto event = parser->next();
    if (!event || !*event) return exchange.reply(400, R"({"errors":["malformed"],"files":[]})");
    using Kind = http::MultipartEvent::Kind;
    if ((*event)->kind == Kind::begin) {
      name = (*event)->disposition("name").value_or("");
      content.clear();
    } else if ((*event)->kind == Kind::data) {
      content += (*event)->bytes;
    } else if ((*event)->kind == Kind::end && name.ends_with(".path")) {
      path = content;
    } else if ((*event)->kind == Kind::end) {
      writeFile(inside(path), content);
    } else if ((*event)->kind == Kind::close) {
      return exchange.reply(200, R"({"files":[]})", {{"Content-Type", "application/json"}});
    }
  }
}

void ShellGuest::download(Exchange& exchange, const std::string& query) {
  const auto path = inside(parameterOf(query, "path"));
  if (!fs::exists(path))
    return exchange.reply(404, R"({"statusCode":404,"code":"FILE_NOT_FOUND","message":"no file"})");
  if (fs::is_directory(path))
    return exchange.reply(400, R"({"statusCode":400,"code":"INVALID_FILE_PATH","message":"dir"})");
  auto bytes = readFile(path);
  const HeaderList headers{{"Content-Type", "application/octet-stream"},
                           {"Last-Modified", "Sat, 31 Jan 2026 12:00:00 GMT"}};
  const auto range = exchange.request().header("Range").value_or("");
  if (range.empty()) return exchange.reply(200, bytes, headers);
  const auto from = std::strtoull(range.c_str() + std::string_view("bytes=").size(), nullptr, 10);
  if (from >= bytes.size()) return exchange.reply(416, "", headers);
  exchange.reply(206, bytes.substr(from), headers);
}

}  // namespace mooring::test
