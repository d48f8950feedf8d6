#include "unit/mqtt/listening.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <fstream>
#include <utility>

#include "unit/auth/keys.hpp"
#include "unit/mqtt/clients.hpp"

namespace inboxd::mqtt::testing {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string self_signed(const std::string& name, const auth::testing::KeyPair& key) {
  const std::unique_ptr<X509, Free> certificate(X509_new());
  constexpr long kDay = 86'400;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL takes text as unsigned char
  const auto* const text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::unique_ptr<BIO, Free> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

class RecordingProbe final : public ListenerProbe {
 public:
  explicit RecordingProbe(Journal& journal) : journal_(journal) {}
  void accepted(TransportKind) override {
    journal_.note([](Happened& so_far) { ++so_far.accepted; });
  }
  void refused(Refused why) override {
    journal_.note([why](Happened& so_far) { so_far.refused.push_back(why); });
  }
  void transferred(std::size_t, std::size_t bytes_out) override {
    journal_.note([bytes_out](Happened& so_far) { so_far.bytes_out += bytes_out; });
  }
  void closed(TransportKind, CloseCause) override {
    journal_.note([](Happened& so_far) { ++so_far.probe_closed; });
  }
  void failed(std::string_view) override {
    journal_.note([](Happened& so_far) { ++so_far.failed; });
  }
  void out_of_descriptors() override {
    journal_.note([](Happened& so_far) { ++so_far.out_of_descriptors; });
  }

 private:
  Journal& journal_;
};

class RecordingHandler final : public ConnectionHandler {
 public:
  RecordingHandler(Journal& journal, const Behaviour& behaviour) : journal_(journal), behaviour_(behaviour) {
    journal_.note([](Happened& so_far) { ++so_far.made; });
  }
  ~RecordingHandler() override {
    journal_.note([](Happened& so_far) { ++so_far.destroyed; });
  }
  RecordingHandler(const RecordingHandler&) = delete;
  RecordingHandler& operator=(const RecordingHandler&) = delete;

  void opened(Transport& transport) override {
    if (transport_ != nullptr) misplaced();
    transport_ = &transport;
    journal_.note([](Happened& so_far) { ++so_far.opened; });
    behaviour_.opened(transport);
  }
  void received(std::string_view bytes) override {
    called([bytes](Happened& so_far) { so_far.received += bytes.size(); });
    if (transport_ != nullptr) behaviour_.received(*transport_, bytes);
  }
  void drained() override {
    called([](Happened& so_far) { ++so_far.drained; });
    if (transport_ != nullptr) behaviour_.drained(*transport_);
  }
  void tick(Time) override {
    const std::size_t unsent = transport_ != nullptr ? transport_->unsent() : 0;
    called([unsent](Happened& so_far) {
      ++so_far.ticks;
      so_far.unsent = unsent;
    });
  }
  void closed(CloseCause cause) override {
    called([cause](Happened& so_far) { so_far.closed.push_back(cause); });
    transport_ = nullptr;
  }

 private:
  void misplaced() {
    journal_.note([](Happened& so_far) { ++so_far.misplaced; });
  }
  void called(const std::function<void(Happened&)>& change) {
    if (transport_ == nullptr) misplaced();
    journal_.note(change);
  }

  Journal& journal_;
  const Behaviour& behaviour_;
  Transport* transport_ = nullptr;  // between opened() and closed()
};

}  // namespace

void Journal::note(const std::function<void(Happened&)>& change) {
  const std::lock_guard lock(mutex_);
  change(happened_);
  changed_.notify_all();
}

Happened Journal::now() const {
  const std::lock_guard lock(mutex_);
  return happened_;
}

bool Journal::wait(const std::function<bool(const Happened&)>& condition) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return condition(happened_); });
}

Listening::Listening()
    : threads(std::make_unique<IoThreads>(kThreads, IoThreads::Failed{}, std::chrono::milliseconds(50))),
      probe(std::make_unique<RecordingProbe>(journal)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "inboxd-mqtt-XXXXXX").string();
  directory_ = ::mkdtemp(pattern.data());
  write_pair("one");
}

Listening::~Listening() { std::filesystem::remove_all(directory_); }

void Listening::TearDown() {
  listener.reset();
  const Happened happened = journal.now();
  EXPECT_EQ(happened.opened, happened.closed.size()) << "each has its closed(), once";
  EXPECT_EQ(happened.made, happened.destroyed);
  EXPECT_EQ(happened.accepted, happened.probe_closed);
  EXPECT_EQ(happened.misplaced, 0U);
}

tls::Files Listening::files() const {
  return {(directory_ / "cert.pem").string(), (directory_ / "key.pem").string()};
}

void Listening::write_pair(const std::string& name) const {
  const auto key = auth::testing::make_ec("P-256");
  std::ofstream(files().certificate) << self_signed(name, key);
  std::ofstream(files().key) << auth::testing::private_pem(key);
}

void Listening::start(TransportKind kind, const ListenerLimits& limits) {
  const auto factory = [this](const Transport&) {
    return std::make_unique<RecordingHandler>(journal, behaviour);
  };
  auto started = Listener::start({{.kind = kind, .address = "127.0.0.1", .port = 0, .certificate = files()}},
                                 limits, {*threads, factory, *probe});
  if (!started) FAIL() << started.error();
  listener = std::move(*started);
}

bool Listening::wait_closed(std::size_t count) const {
  return wait([count](const Happened& so_far) { return so_far.destroyed >= count; });
}

}  // namespace inboxd::mqtt::testing
