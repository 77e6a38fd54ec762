#include "connection.hpp"

#include "errors.hpp"
#include "migrations.hpp"

#include <openssl/rand.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <sys/stat.h>

namespace mooring::sqlite {
namespace {

/// SQLite's URI form of a path: what has a meaning in URIs is escaped.
std::string uriOf(const std::filesystem::path& path, std::string_view query) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    if (c == '?' || c == '#' || c == '%') {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "?" + std::string(query);
}

Error cannotMake(const std::filesystem::path& path, int error) {
  return makeError(Errc::storeFailed, "database " + path.string() + " cannot be made: " + std::strerror(error));
}

/// Makes the file private from its first moment. Without opening it: closing a descriptor of a database that this
/// process has open elsewhere would drop that connection's locks (POSIX locks belong to the process).
Result<void> makeFile(const std::filesystem::path& path) {
  std::error_code ec;
  const auto directory = std::filesystem::absolute(path).parent_path();
  std::filesystem::path missing = directory;
  while (!missing.empty() && !std::filesystem::exists(missing, ec)) missing = missing.parent_path();
  auto at = missing;
  for (const auto& part : directory.lexically_relative(missing)) {
    if (part == ".") continue;
    at /= part;
    if (::mkdir(at.c_str(), 0700) != 0 && errno != EEXIST) return std::unexpected(cannotMake(path, errno));
  }
  if (::mknod(path.c_str(), S_IFREG | 0600, 0) != 0 && errno != EEXIST) return std::unexpected(cannotMake(path, errno));
  return {};
}

Error tooNew(const std::filesystem::path& path, int version) {
  return makeError(Errc::storeFailed, "database " + path.string() + " has schema " + std::to_string(version) +
                                          ", and this mooring knows up to " + std::to_string(newestSchema()) +
                                          ": use a newer mooring; nothing was changed");
}

/// Looks at an existing file without locks, journal or writes, so that one we cannot use stays as it is.
Result<void> inspect(const std::filesystem::path& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) {
    return failure(Errc::storeFailed, "database " + path.string() + " is a directory; name a file");
  }
  if (std::filesystem::file_size(path, ec) == 0 || ec) return {};
  return caught(path, [&]() -> Result<void> {
    SQLite::Database look(uriOf(path, "immutable=1"), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    const int version = look.execAndGet("PRAGMA user_version");
    if (version > newestSchema()) return std::unexpected(tooNew(path, version));
    const bool ours = look.tableExists("schema_migrations");
    const int tables = look.execAndGet("SELECT count(*) FROM sqlite_schema");
    if (!ours && tables > 0) {
      return failure(Errc::storeFailed, "database " + path.string() +
                                            " belongs to another program; name another file. Nothing was changed");
    }
    return {};
  });
}

std::string newDeploymentId() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";  // 32, so that five bits make one
  std::array<unsigned char, 12> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) throw BadRow{"no entropy for a deploymentId"};
  std::string out;
  for (const auto byte : random) out += letters[byte & 31U];
  return out;
}

}  // namespace

int newestSchema() { return migrations().back().number; }

Connection::Connection(const StoreOptions& options)
    : path_(options.path), database_(uriOf(options.path, "mode=rw"), SQLite::OPEN_READWRITE | SQLite::OPEN_URI) {}

Connection::Rollback::~Rollback() {
  if (!armed) return;
  try {
    connection.prepared("ROLLBACK").exec();
  } catch (const SQLite::Exception&) {
    // SQLite has rolled back by itself (disk full, I/O error); the error on its way up is the one that counts.
    return;
  }
}

SQLite::Statement& Connection::prepared(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    found = statements_.try_emplace(sql, database_, std::string(sql)).first;
  }
  found->second.tryReset();
  found->second.clearBindings();
  return found->second;
}

void Connection::configure(const StoreOptions& options) {
  database_.setBusyTimeout(static_cast<int>(options.busyTimeout.count()));
  const auto until = std::chrono::steady_clock::now() + options.busyTimeout;
  while (true) {
    // The switch to WAL does not wait for others that are just doing the same: it is refused at once.
    try {
      database_.exec("PRAGMA journal_mode = WAL");
      break;
    } catch (const SQLite::Exception& e) {
      if (e.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() >= until) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  database_.exec("PRAGMA synchronous = FULL");
  database_.exec("PRAGMA foreign_keys = ON");
}

Result<void> Connection::migrate() {
  const auto version = [this] {
    return database_.tableExists("schema_migrations")
               ? database_.execAndGet("SELECT coalesce(max(number), 0) FROM schema_migrations").getInt()
               : 0;
  };
  if (version() > newestSchema()) return std::unexpected(tooNew(path_, version()));
  while (version() < newestSchema()) {
    auto step = write([&]() -> Result<void> {
      const int next = version() + 1;  // Again, now that nobody else can migrate.
      if (next > newestSchema()) return {};
      const auto& migration = migrations()[static_cast<std::size_t>(next - 1)];
      database_.exec(
          "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT");
      database_.exec(std::string(migration.sql));
      auto& note = prepared("INSERT INTO schema_migrations (number, name) VALUES (?, ?)");
      note.bind(1, next);
      note.bind(2, std::string(migration.name));
      note.exec();
      database_.exec("PRAGMA user_version = " + std::to_string(next));
      if (next == 1) {
        auto& deployment = prepared("INSERT INTO deployment (one, deploymentId) VALUES (1, ?)");
        deployment.bind(1, newDeploymentId());
        deployment.exec();
      }
      return {};
    });
    if (!step) return step;
  }
  commits_ = 0;  // The schema's own are nobody's budget.
  return {};
}

Result<std::unique_ptr<Connection>> Connection::open(const StoreOptions& options) {
  if (options.path.empty()) return failure(Errc::invalidArgument, "a store needs a path");
  std::error_code ec;
  if (!std::filesystem::exists(options.path, ec)) {
    if (auto made = makeFile(options.path); !made) return std::unexpected(std::move(made).error());
  }
  if (auto usable = inspect(options.path); !usable) return std::unexpected(std::move(usable).error());
  return caught(options.path, [&]() -> Result<std::unique_ptr<Connection>> {
    std::unique_ptr<Connection> connection(new Connection(options));
    if (sqlite3_db_readonly(connection->database_.getHandle(), "main") == 1) {
      throw SQLite::Exception("read-only", SQLITE_READONLY);
    }
    connection->configure(options);
    if (auto migrated = connection->migrate(); !migrated) return std::unexpected(std::move(migrated).error());
    return connection;
  });
}

}  // namespace mooring::sqlite
