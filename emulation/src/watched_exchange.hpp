// Exchanges that are written down, and exchanges that go wrong on purpose.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/faults.hpp>
#include <mooring/emulation/ledger.hpp>

#include "digest.hpp"

namespace mooring::emulation {

/// Notes what the handler reads and says, for the ledger.
class WatchedExchange final : public ExchangeDecorator {
 public:
  WatchedExchange(ExchangePtr inner, std::shared_ptr<Ledger> ledger, std::uint64_t sequence)
      : ExchangeDecorator(std::move(inner)), ledger_(std::move(ledger)), keepBodies_(ledger_->recording()) {
    entry_.sequence = sequence;
  }

  Task<std::size_t> read(std::span<std::byte> buffer) override;
  Task<void> begin(int status, http::Headers headers, std::optional<std::uint64_t> length) override;
  Task<void> write(std::span<const std::byte> bytes) override;
  Task<std::shared_ptr<http::WebSocket>> accept(AcceptOptions options) override;
  RawConnection takeOver() override;

  /// The handler has returned.
  void conclude();

 private:
  void note(int status);
  /// What the handler left of the request's body.
  Task<void> readRest();

  std::shared_ptr<Ledger> ledger_;
  bool keepBodies_;
  Digest digest_;
  LedgerEntry entry_;
  RecordedBodies bodies_;
};

/// Does all that the handler wants, and lets the client see something else.
class FaultyExchange final : public ExchangeDecorator {
 public:
  FaultyExchange(ExchangePtr inner, Fault fault)
      : ExchangeDecorator(std::move(inner)), fault_(std::move(fault)) {}

  Task<void> begin(int status, http::Headers headers, std::optional<std::uint64_t> length) override;
  Task<void> write(std::span<const std::byte> bytes) override;
  Task<void> finish() override;
  [[nodiscard]] bool begun() const override { return begun_ || inner().begun(); }
  Task<std::shared_ptr<http::WebSocket>> accept(AcceptOptions options) override;

  /// The handler has returned: ends a reply that it left open, or broke off.
  Task<void> conclude();

 private:
  Fault fault_;
  bool begun_ = false;
  bool finished_ = false;
  bool cut_ = false;
  int status_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace mooring::emulation
