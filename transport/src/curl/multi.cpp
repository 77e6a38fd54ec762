#include "curl/multi.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <sys/epoll.h>
#include <unistd.h>

namespace mooring::http::detail {

namespace {

/// curl_global_init counts its calls; once for the process is enough, and it is never undone: another library
/// may use it.
CURLcode initialiseCurl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  return result;
}

constexpr std::size_t spareHandles = 16;

}  // namespace

Multi::Multi(boost::asio::any_io_executor loop, EngineOptions options)
    : loop_(std::move(loop)), options_(std::move(options)), epoll_(loop_), timer_(loop_) {}

Multi::~Multi() {
  for (CURL* easy : spare_)
    curl_easy_cleanup(easy);
  // libcurl reports sockets while it closes them; nobody is to be told any more.
  if (multi_) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    curl_multi_cleanup(multi_);
  }
  if (share_) curl_share_cleanup(share_);
}

Result<void> Multi::open() {
  if (initialiseCurl() != CURLE_OK) return failure(Errc::internal, "libcurl cannot be initialised");
  multi_ = curl_multi_init();
  share_ = curl_share_init();
  if (!multi_ || !share_) return failure(Errc::internal, "libcurl has no memory");
  // One thread uses all handles, so that the share needs no locks. It lets a new connection resume a TLS
  // session.
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);

  const int descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) return failure(Errc::internal, std::string("epoll_create1: ") + std::strerror(errno));
  boost::system::error_code problem;
  static_cast<void>(epoll_.assign(descriptor, problem));
  if (problem) {
    ::close(descriptor);
    return failure(Errc::internal, "the loop cannot watch an epoll descriptor: " + problem.message());
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::socketChanged);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::timerChanged);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.connectionsPerHost));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.idleConnections));
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  watch();
  return {};
}

CURL* Multi::acquire() {
  if (spare_.empty()) return curl_easy_init();
  CURL* easy = spare_.back();
  spare_.pop_back();
  return easy;
}

void Multi::recycle(CURL* easy) {
  if (spare_.size() >= spareHandles) return curl_easy_cleanup(easy);
  curl_easy_reset(easy);
  spare_.push_back(easy);
}

Result<void> Multi::add(CURL* easy, Listener& listener) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &listener);
  if (const auto code = curl_multi_add_handle(multi_, easy); code != CURLM_OK) {
    return failure(Errc::internal, std::string("libcurl refused a transfer: ") + curl_multi_strerror(code));
  }
  return {};
}

void Multi::remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

int Multi::socketChanged(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& multi = *static_cast<Multi*>(self);
  const int set = multi.epoll_.native_handle();
  if (what == CURL_POLL_REMOVE) {
    // It may be closed already, which took it out of the set.
    epoll_ctl(set, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) event.events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) event.events |= EPOLLOUT;
  // Whether the set knows this number is the kernel's to say: libcurl may have closed and reopened it unseen.
  if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
  if (errno == ENOENT && epoll_ctl(set, EPOLL_CTL_ADD, socket, &event) == 0) return 0;
  return -1;  // libcurl then fails the transfers, instead of waiting for what nobody will report.
}

int Multi::timerChanged(CURLM*, long milliseconds, void* self) {
  auto& multi = *static_cast<Multi*>(self);
  const auto round = ++multi.timerRound_;
  if (milliseconds < 0) {
    multi.timer_.cancel();
    return 0;
  }
  // Even for 0 ms: libcurl must not be called from its own callback.
  multi.timer_.expires_after(std::chrono::milliseconds(milliseconds));
  multi.timer_.async_wait([weak = multi.weak_from_this(), round](boost::system::error_code problem) {
    const auto held = weak.lock();
    if (!problem && held && held->timerRound_ == round) held->serveTimer();
  });
  return 0;
}

void Multi::watch() {
  epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](boost::system::error_code problem) {
                      const auto self = weak.lock();
                      if (problem || !self) return;
                      self->serveSockets();
                      self->watch();
                    });
}

void Multi::serveSockets() {
  // One round: what is ready beyond it makes the descriptor readable again, after others had their turn on
  // the loop.
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events.at(static_cast<std::size_t>(i));
    int what = 0;
    if (event.events & EPOLLIN) what |= CURL_CSELECT_IN;
    if (event.events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (event.events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
    act(event.data.fd, what);
  }
  harvest();
}

void Multi::serveTimer() {
  act(CURL_SOCKET_TIMEOUT, 0);
  harvest();
}

void Multi::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
}

void Multi::harvest() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* listener = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &listener);
    // NOLINTNEXTLINE(bugprone-casting-through-void): libcurl hands a private pointer back as char*.
    static_cast<Listener*>(static_cast<void*>(listener))->ended(message->data.result);
  }
}

}  // namespace mooring::http::detail
