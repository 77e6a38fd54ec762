#include "definition.hpp"

namespace mooring::sprites {

CapabilityTable capabilitiesWith(const Defaults& defaults) {
  using enum Capability;
  const auto native = [](const char* note) { return CapabilityInfo{Support::native, note}; };
  const auto emulated = [](const char* note) { return CapabilityInfo{Support::emulated, note}; };
  const auto lacking = [](const char* note) { return CapabilityInfo{Support::unsupported, note}; };
  CapabilityTable table;
  table[startedCommands] = emulated(
      "mooring's journal in the sprite; a sprite that nobody waits at sleeps after 30 s, and they with it");
  table[commandInput] = native("streamed over the command's own socket");
  table[volumes] = lacking("a sprite has its own disk and nothing else");
  table[checkpoints] = native("of the sprite's disk; restoring takes some seconds and ends all processes");
  table[checkpointRemoval] = lacking("Sprites documents no request for it; they go with the sprite");
  table[previews] = native("the sprite's URL, which leads to port 8080; private unless asked otherwise");
  table[portForwarding] = native("any port, by one socket for each connection");
  table[resume] = defaults.deleteOnStop
                      ? lacking(
                            "sprites are deleted when they stop: set SANDBOX_SPRITES_DELETE_ON_STOP=0, or "
                            "options.sprites.deleteOnStop for one of them")
                      : emulated(
                            "Sprites knows no stop: processes are ended, and the sprite sleeps by itself");
  table[lifetime] = emulated("recover() stops what has outlived it; Sprites itself ends nothing");
  table[idleTimeout] = emulated(
      "recover() stops what nobody has used for so long, 10 minutes late; it sleeps after 30 s anyway");
  table[extend] = emulated("of the lifetime that recover() watches");
  table[vcpuLimit] = lacking("every sprite has the same processors");
  table[memoryLimit] = lacking("Sprites manages memory by itself");
  table[diskLimit] = lacking("every sprite has the same disk");
  table[networkBlock] = native("by DNS policy: no name resolves, and addresses are blocked");
  table[networkAllowList] = native("by DNS policy: domains, also with a leading \"*.\"; no addresses");
  table[images] = lacking("every sprite has the same system");
  table[runtimes] = lacking("every sprite has the same system");
  return table;
}

}  // namespace mooring::sprites
