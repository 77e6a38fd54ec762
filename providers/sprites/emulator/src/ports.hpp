// Which ports the processes of a sprite listen on.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::sprites::emulated {

struct ListeningPort {
  int port = 0;
  int pid = 0;
  friend auto operator<=>(const ListeningPort&, const ListeningPort&) = default;
};

/// A shell script that says what listeningPorts() reads. The network is shared by all sprites, the processes
/// are not: so it is asked which process has which socket.
std::string portScript();

/// Lines "L <port in hex> <inode>" and "P <pid> <inode>", joined: sorted, each port once.
std::vector<ListeningPort> listeningPorts(std::string_view text);

}  // namespace mooring::sprites::emulated
