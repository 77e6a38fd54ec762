// The supervisor's loop: requests in, processes and answers out. One thread.
#pragma once

#include "detail/descriptor.hpp"
#include "process.hpp"
#include "protocol.hpp"
#include "tree.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/types.h>
#include <vector>

namespace mooring::local {

class Server {
 public:
  /// `listener` is the socket that the library bound; `commands` the directory of started commands and `run`
  /// the one that holds the socket's name, both on the host.
  Server(Settings settings, Tree tree, Descriptor listener, Descriptor commands, Descriptor run);

  /// Returns when the sandbox has ended: asked to, or out of time.
  int serve();

 private:
  struct Connection {
    Descriptor socket;
    protocol::FrameReader frames;
    std::vector<Descriptor> received;
    std::string out;
    pid_t runs = 0;    ///< The command that ends with this connection.
    pid_t awaits = 0;  ///< The started command whose end it waits for.
    std::unique_ptr<Upload> upload;
    bool freezes = false;
    bool handedOver = false;  ///< A process of its own answers and closes it.
  };

  struct Command {
    std::string key;       ///< Of a started one.
    Descriptor directory;  ///< Likewise.
    Descriptor input;      ///< Likewise: where its standard input is written.
    int runner = -1;       ///< The connection of a run; -1 when it dropped.
    bool asked = false;
    bool reaped = false;
    int status = SIGKILL;  ///< As waitpid() tells it; what shutting down does to those that never tell.
  };

  // server.cpp: the loop, connections and time.
  void accept();
  void receive(int fd);
  void flush(int fd);
  void drop(int fd);
  void say(Connection& connection, protocol::Encoder answer, int passed = -1);
  void refuse(Connection& connection, protocol::Failure failure, int error);
  void answer(Connection& connection, int error);
  [[nodiscard]] int msUntilNextDeadline() const;
  [[nodiscard]] bool socketWasRemoved() const;
  void watch(int fd, bool alsoWritable, int operation) const;
  void shutDown();

  // requests.cpp
  void handle(Connection& connection, protocol::Ask ask, protocol::Decoder& fields);
  bool handleFiles(Connection& connection, protocol::Ask ask, protocol::Decoder& fields);
  void list(Connection& connection, const std::string& path);
  template <class Work>
  void inOwnProcess(Connection& connection, Work work);
  void freeze(bool frozen) const;

  // commands.cpp
  void run(Connection& connection, const protocol::LaunchRequest& request);
  void start(Connection& connection, const std::string& key, const protocol::LaunchRequest& request);
  void endRun(pid_t pid);
  Command* findStarted(const std::string& key, pid_t& pid);
  void reap();
  void settle();
  void finish(pid_t pid, bool groupDead);

  Settings settings_;
  Tree tree_;
  Descriptor listener_;
  Descriptor commandsDirectory_;
  Descriptor epoll_;
  Descriptor signals_;
  Descriptor removals_;  ///< Tells when the socket's name disappears.
  std::map<int, Connection> connections_;
  std::map<pid_t, Command> commands_;
  std::map<pid_t, std::int64_t> dying_;  ///< Killed on request, and when to stop waiting for the rest of the
                                         ///< group.
  std::int64_t endsAt_ = 0;              ///< 0: never.
  std::int64_t activeAt_ = 0;
  bool listening_ = false;
  bool stopping_ = false;
};

/// Milliseconds of a clock that also counts while the machine sleeps.
std::int64_t nowMs();

}  // namespace mooring::local
