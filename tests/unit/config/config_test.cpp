#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "config/flags.hpp"
#include "config/load.hpp"
#include "config/reference.hpp"

namespace inboxd::config {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Sources environment(std::map<std::string, std::string, std::less<>> variables) {
  Sources sources;
  sources.environment = std::move(variables);
  return sources;
}

tl::expected<Loaded, Problems> with_file(Sources sources, std::string_view toml) {
  const auto entries = parse_file(toml, "inboxd.toml");
  if (!entries) return tl::unexpected(entries.error());
  return merge(sources, *entries, "inboxd.toml");
}

/// A file that goes with the test.
class TempFile {
 public:
  explicit TempFile(std::string_view text, mode_t mode = 0600) {
    path_ = std::filesystem::temp_directory_path() / "inboxd-config-XXXXXX";
    const int file = ::mkstemp(path_.data());
    EXPECT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::fchmod(file, mode), 0);
    ::close(file);
  }
  ~TempFile() { std::filesystem::remove(path_); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Config, DefaultsAreThoseOfTheContract) {
  const auto loaded = load({});
  ASSERT_TRUE(loaded) << loaded.error().front();
  const Settings& s = loaded->settings;
  EXPECT_THAT(s.rabbitmq_host, ElementsAre("localhost"));
  EXPECT_EQ(s.rabbitmq_port, 5672);
  EXPECT_EQ(s.rabbitmq_vhost, "/");
  EXPECT_EQ(s.path_prefix, "/apps/tilechat/users");
  EXPECT_EQ(s.app_id, "tilechat");
  EXPECT_TRUE(s.layout_path && s.layout_chat21);
  EXPECT_EQ(s.log_level, Verbosity::kInfo);
  EXPECT_EQ(s.active_queues, ActiveQueues::kBoth);
  EXPECT_EQ(s.prefetch_messages, 1000);
  EXPECT_EQ(s.max_message_bytes, 256U * 1024);
  EXPECT_EQ(s.max_group_bytes, 8U * 1024 * 1024);
  EXPECT_EQ(s.store_sync, StoreSync::kBatch);
  EXPECT_EQ(s.idempotency_ttl, std::chrono::hours(24));
  EXPECT_EQ(s.http_port, 8004);
  EXPECT_EQ(s.metrics_port, 9090);
  EXPECT_EQ(s.shutdown_timeout, std::chrono::seconds(10));
  EXPECT_TRUE(s.jwt_secret.empty());
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(Config, EveryDefaultIsAllowedAndEveryNameIsUnique) {
  std::set<std::string_view> names;
  for (const Setting& setting : all_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    for (const std::string_view alias : setting.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
    EXPECT_FALSE(is_inert(setting.name)) << setting.name;
    Settings settings;
    if (setting.default_text.empty()) continue;
    const auto assigned = assign(setting, setting.default_text, settings);
    EXPECT_TRUE(assigned) << setting.name << ": " << assigned.error();
  }
}

TEST(Config, FlagsWinOverEnvironmentOverFileOverDefault) {
  constexpr std::string_view kFile = "http_port = 1001\nmetrics_port = 1002\nmqtt_port = 1003\n";
  Sources sources = environment({{"HTTP_PORT", "2001"}, {"METRICS_PORT", "2002"}});
  sources.flags = {{"http_port", "3001"}};
  const auto loaded = with_file(sources, kFile);
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_EQ(loaded->settings.http_port, 3001);
  EXPECT_EQ(loaded->settings.metrics_port, 2002);
  EXPECT_EQ(loaded->settings.mqtt_port, 1003);
  EXPECT_EQ(loaded->origin("HTTP_PORT").where, "flag --http-port");
  EXPECT_EQ(loaded->origin("METRICS_PORT").where, "environment variable METRICS_PORT");
  EXPECT_EQ(loaded->origin("MQTT_PORT").where, "line 3 of inboxd.toml");
  EXPECT_FALSE(loaded->is_set("RABBITMQ_PORT"));
}

struct Good {
  const char* name;
  const char* text;
  bool (*holds)(const Settings&);
};

class GoodValue : public ::testing::TestWithParam<Good> {};

TEST_P(GoodValue, IsTaken) {
  const auto loaded = load(environment({{GetParam().name, GetParam().text}}));
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_TRUE(GetParam().holds(loaded->settings));
}

constexpr Good kGood[] = {
    {"RABBITMQ_HOST", "a, b:5673 ,,c",
     [](const Settings& s) { return s.rabbitmq_host.size() == 3 && s.rabbitmq_host[1] == "b:5673"; }},
    {"RABBITMQ_TLS", "Yes", [](const Settings& s) { return s.rabbitmq_tls && s.rabbitmq_port == 5671; }},
    {"RABBITMQ_TLS_VERIFY", "0", [](const Settings& s) { return !s.rabbitmq_tls_verify; }},
    {"LOG_LEVEL", "VERBOSE", [](const Settings& s) { return s.log_level == Verbosity::kVerbose; }},
    {"LOG_LEVEL", "Error", [](const Settings& s) { return s.log_level == Verbosity::kError; }},
    {"LOG_FORMAT", "json", [](const Settings& s) { return s.log_format == LogFormat::kJson; }},
    {"MAX_MESSAGE_BYTES", "1MiB", [](const Settings& s) { return s.max_message_bytes == 1024U * 1024; }},
    {"MAX_MESSAGE_BYTES", "300000", [](const Settings& s) { return s.max_message_bytes == 300'000U; }},
    {"MAX_MESSAGE_BYTES", " 64 kib ", [](const Settings& s) { return s.max_message_bytes == 65'536U; }},
    {"SHUTDOWN_TIMEOUT", "3", [](const Settings& s) { return s.shutdown_timeout == milliseconds(3000); }},
    {"SHUTDOWN_TIMEOUT", "250ms", [](const Settings& s) { return s.shutdown_timeout == milliseconds(250); }},
    {"IDEMPOTENCY_TTL", "7d", [](const Settings& s) { return s.idempotency_ttl == std::chrono::hours(168); }},
    {"RABBITMQ_HEARTBEAT", "0", [](const Settings& s) { return s.rabbitmq_heartbeat.count() == 0; }},
    {"ACTIVE_QUEUES", "none", [](const Settings& s) { return s.active_queues == ActiveQueues::kNone; }},
    {"ACTIVE_QUEUES", "persist, messages",
     [](const Settings& s) { return s.active_queues == ActiveQueues::kBoth; }},
    {"TOPIC_LAYOUTS", "Chat21", [](const Settings& s) { return s.layout_chat21 && !s.layout_path; }},
    {"STORE_SYNC", "none", [](const Settings& s) { return s.store_sync == StoreSync::kNone; }},
    {"METRICS_PORT", "0", [](const Settings& s) { return s.metrics_port == 0; }},
    {"PORT", "9000", [](const Settings& s) { return s.http_port == 9000; }},
    {"JWT_KEY", "k", [](const Settings& s) { return s.jwt_secret == "k"; }},
    {"CHAT21_JWT_SECRET", "k", [](const Settings& s) { return s.jwt_secret == "k"; }},
    {"RABBITMQ_PORT", "", [](const Settings& s) { return s.rabbitmq_port == 5672; }},
};
INSTANTIATE_TEST_SUITE_P(Config, GoodValue, ::testing::ValuesIn(kGood));

struct Bad {
  const char* name;
  const char* text;
  const char* complaint;
};

class BadValue : public ::testing::TestWithParam<Bad> {};

TEST_P(BadValue, IsNamedWithItsSourceAndWhatIsAllowed) {
  const auto loaded = load(environment({{GetParam().name, GetParam().text}}));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(AllOf(HasSubstr(GetParam().name), HasSubstr("environment variable"),
                                                HasSubstr(GetParam().complaint))));
}

constexpr Bad kBad[] = {
    {"RABBITMQ_PORT", "tcp://10.0.0.1:5672", "a whole number from 1 to 65535"},
    {"RABBITMQ_PORT", "0", "from 1 to 65535"},
    {"RABBITMQ_PORT", "65536", "from 1 to 65535"},
    {"RABBITMQ_PORT", "-1", "from 1 to 65535"},
    {"RABBITMQ_PORT", "56 72", "\"56 72\" is not allowed"},
    {"MAX_MESSAGE_BYTES", "1 TB", "KiB, MiB or GiB"},
    {"MAX_MESSAGE_BYTES", "99999999999999999999", "KiB"},
    {"MAX_MESSAGE_BYTES", "18446744073709551615 KiB", "KiB"},
    {"SHUTDOWN_TIMEOUT", "soon", "a time in seconds"},
    {"SHUTDOWN_TIMEOUT", "1.5", "a time in seconds"},
    {"IDEMPOTENCY_TTL", "1h", "from 1 d to 365 d"},
    {"RABBITMQ_HEARTBEAT", "1500ms", "whole seconds"},
    {"RABBITMQ_TLS", "maybe", "true or false"},
    {"LOG_LEVEL", "loud", "error, warn, info, verbose, debug"},
    {"TOPIC_LAYOUTS", "path,mail", "path, chat21"},
    {"TOPIC_LAYOUTS", ",", "path, chat21"},
    {"ACTIVE_QUEUES", "messages", "messages,persist or none"},
    {"ACTIVE_QUEUES", "none,persist", "messages,persist or none"},
    {"STORE", "mongodb", "one of rocksdb"},
    {"STORE_SYNC", "always", "batch, none"},
    {"MONGODB_URI", "mongodb://db/chat21", "STORE=rocksdb"},
    {"RABBITMQ_PASSWORD", "p", "RABBITMQ_USER"},
};
INSTANTIATE_TEST_SUITE_P(Config, BadValue, ::testing::ValuesIn(kBad));

TEST(Config, AllComplaintsComeAtOnce) {
  const auto loaded = load(environment({{"HTTP_PORT", "x"}, {"LOG_LEVEL", "y"}, {"MAX_BATCH", "0"}}));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), SizeIs(3));
}

TEST(Config, OnlyTheValueThatCountsIsChecked) {
  Sources sources = environment({{"RABBITMQ_PORT", "tcp://10.0.0.1:5672"}});
  sources.flags = {{"rabbitmq_port", "5672"}};
  EXPECT_TRUE(load(sources));
}

TEST(Config, MongoIsToleratedOnceTheStoreIsNamed) {
  const auto loaded = load(environment({{"MONGODB_URI", "mongodb://u:hidden@db"}, {"STORE", "rocksdb"}}));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->inert, ElementsAre("MONGODB_URI"));
}

TEST(Config, ANameWinsOverItsAliasesAndSaysSo) {
  const auto loaded = load(environment(
      {{"JWT_KEY", "secret-a"}, {"JWT_SECRET", "secret-b"}, {"PORT", "8004"}, {"HTTP_PORT", "8004"}}));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.jwt_secret, "secret-b");
  EXPECT_THAT(loaded->warnings, ElementsAre(AllOf(HasSubstr("JWT_KEY"), Not(HasSubstr("secret-")))));
}

TEST(Config, VariablesOfOtherDeploymentsAreTakenAndNamed) {
  const auto loaded = load(environment(
      {{"ANALYTICS_ENABLED", "true"}, {"PUSH_WH_ENDPOINT", "x"}, {"CACHE_ENABLED", ""}, {"HOME", "/"}}));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->inert, ElementsAre("ANALYTICS_ENABLED", "PUSH_WH_ENDPOINT"));
}

TEST(Config, AnUnknownVariableWithOurPrefixIsAWarning) {
  const auto loaded = load(environment({{"INBOXD_HTTP_PORT", "1"}}));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("INBOXD_HTTP_PORT")));
}

TEST(ConfigFile, TakesTheTypesThatFit) {
  const auto loaded = with_file({}, R"(
rabbitmq_host = ["a", "b"]
rabbitmq_tls = true
max_message_bytes = "1 MiB"
shutdown_timeout = 5
)");
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_THAT(loaded->settings.rabbitmq_host, ElementsAre("a", "b"));
  EXPECT_EQ(loaded->settings.shutdown_timeout, std::chrono::seconds(5));
}

struct BadFile {
  const char* toml;
  const char* complaint;
};

class BadConfigFile : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadConfigFile, IsRefused) {
  const auto loaded = with_file({}, GetParam().toml);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(HasSubstr(GetParam().complaint)));
}

constexpr BadFile kBadFiles[] = {
    {"\nrabbitmq_prot = 1", "rabbitmq_prot (line 2 of inboxd.toml): no setting has this name"},
    {"RABBITMQ_PORT = 1", "no setting has this name"},
    {"push_wh_endpoint = \"x\"", "no setting has this name"},
    {"[rabbitmq]\nport = 1", "rabbitmq (line 1 of inboxd.toml)"},
    {"rabbitmq_port = true", "RABBITMQ_PORT (line 1 of inboxd.toml)"},
    {"rabbitmq_port = 1.5", "rabbitmq_port (line 1 of inboxd.toml)"},
    {"rabbitmq_port = 99999", "from 1 to 65535"},
    {"app_id = 7", "APP_ID (line 1 of inboxd.toml)"},
    {"rabbitmq_host = [1]", "array of strings"},
    {"jwt_secret = \"abc", "inboxd.toml is not valid TOML: see line 1"},
    {"jwt_secret = 12345678", "JWT_SECRET (line 1 of inboxd.toml)"},
    {"\n[\\x]", "inboxd.toml is not valid TOML: see line 2"},
    {"\n[", "inboxd.toml is not valid TOML: see line 2"},
    {"\n[\x01]", "inboxd.toml is not valid TOML: line 2 has a character"},
    {"\nü = 1", "inboxd.toml is not valid TOML: line 2 has a character"},
    {"app_id = 'ü'\nlog_level = ünder", "inboxd.toml is not valid TOML: line 2 has a character"},
};
INSTANTIATE_TEST_SUITE_P(Config, BadConfigFile, ::testing::ValuesIn(kBadFiles));

TEST(ConfigFile, WithANulIsRefused) {
  const auto loaded = with_file({}, std::string_view("\n[\0[x]]", 7));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(HasSubstr("not valid TOML: line 2 has a character")));
}

TEST(ConfigFile, HasAnyCharacterInStringsAndComments) {
  const auto loaded = with_file({}, "# ü\napp_id = \"tüle\" # ü\n");
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_EQ(loaded->settings.app_id, "tüle");
}

TEST(ConfigFile, ThatCannotBeReadIsAnError) {
  const auto loaded = load({{}, {}, "/no/such/inboxd.toml"});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(HasSubstr("cannot read /no/such/inboxd.toml: No such file")));
}

TEST(ConfigFile, WithASecretThatAllMayReadIsAWarning) {
  const TempFile open_file("jwt_secret = \"abc\"\n", 0644);
  const TempFile closed_file("jwt_secret = \"abc\"\n", 0600);
  const TempFile harmless("http_port = 80\n", 0644);
  EXPECT_THAT(load({{}, {}, open_file.path()})->warnings, ElementsAre(HasSubstr("chmod 600")));
  EXPECT_THAT(load({{}, {}, closed_file.path()})->warnings, IsEmpty());
  EXPECT_THAT(load({{}, {}, harmless.path()})->warnings, IsEmpty());
}

TEST(ConfigSecret, IsReadFromAFileWithoutItsNewline) {
  const TempFile file("s3cret\n");
  for (const Sources& sources : {environment({{"JWT_SECRET_FILE", file.path()}}),
                                 Sources{{{"jwt_secret_file", file.path()}}, {}, {}}}) {
    const auto loaded = load(sources);
    ASSERT_TRUE(loaded) << loaded.error().front();
    EXPECT_EQ(loaded->settings.jwt_secret, "s3cret");
  }
  const auto loaded = with_file({}, "jwt_secret_file = \"" + file.path() + "\"");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.jwt_secret, "s3cret");
}

TEST(ConfigSecret, FileErrorsAreNamed) {
  const TempFile empty("\n");
  const TempFile file("a");
  EXPECT_THAT(load(environment({{"JWT_SECRET_FILE", "/no/such"}})).error(),
              ElementsAre(AllOf(HasSubstr("JWT_SECRET (environment variable JWT_SECRET_FILE)"),
                                HasSubstr("/no/such"))));
  EXPECT_THAT(load(environment({{"JWT_SECRET_FILE", empty.path()}})).error(),
              ElementsAre(HasSubstr("is empty")));
  EXPECT_THAT(load(environment({{"JWT_SECRET_FILE", file.path()}, {"JWT_SECRET", "b"}})).error(),
              ElementsAre(HasSubstr("say it once")));
}

TEST(ConfigSecret, IsRefusedAsAFlagAndNeverShown) {
  const auto loaded = load({{{"rabbitmq_uri", "amqp://u:hidden@h"}}, {}, {}});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(AllOf(HasSubstr("--rabbitmq-uri-file"), Not(HasSubstr("hidden")))));

  const auto shown = load(environment({{"JWT_SECRET", "hidden"}, {"RABBITMQ_URI", "amqp://u:hidden@h"}}));
  ASSERT_TRUE(shown);
  for (const Chosen& one : shown->chosen) EXPECT_THAT(one.shown, Not(HasSubstr("hidden")));
}

TEST(ConfigFlags, AreDerivedFromTheTable) {
  CLI::App app;
  std::vector<FlagValue> values;
  add_flags(app, values);
  app.parse("--rabbitmq-host example.org --max-batch=7 --jwt-secret-file /x");
  std::vector<std::string> keys;
  for (const FlagValue& value : values) keys.push_back(value.key + "=" + value.value);
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("rabbitmq_host=example.org", "max_batch=7",
                                                    "jwt_secret_file=/x"));
  EXPECT_THROW(app.parse("--no-such-flag 1"), CLI::ParseError);
}

TEST(ConfigReference, NamesEverySetting) {
  const std::string text = reference_text();
  for (const Setting& setting : all_settings()) EXPECT_THAT(text, HasSubstr(setting.name));
}

TEST(ConfigReference, IsThePageOfTheDocs) {
  std::ifstream in(INBOXD_SOURCE_DIR "/docs/settings.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(page, reference_markdown()) << "write it anew: inboxd config --markdown > docs/settings.md";
}

}  // namespace
}  // namespace inboxd::config
