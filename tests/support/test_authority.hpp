#pragma once

#include <string>

namespace mooring::test {

/// A self-made authority and a server certificate for "localhost" and 127.0.0.1, made when constructed.
struct TestAuthority {
  TestAuthority();
  std::string caPem;
  std::string certificatePem;
  std::string keyPem;
};

}  // namespace mooring::test
