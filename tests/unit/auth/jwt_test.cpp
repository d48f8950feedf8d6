#include "auth/jwt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <functional>
#include <set>

#include "core/json.hpp"
#include "unit/auth/keys.hpp"

namespace inboxd::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = AuthError::Kind;

constexpr std::int64_t kNow = 1'700'000'000;
constexpr const char* kSecret = "a secret of more than thirty-two bytes";
constexpr const char* kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr const char* kClaims =
    R"({"sub":"alice","user_id":"alice","exp":1700000100,"aud":["rabbitmq","alice"]})";

Verifier verifier(VerifierSettings settings = {}) {
  return Verifier({Key::hs256(kSecret).value()}, std::move(settings));
}

std::string with_claims(std::string_view claims) { return testing::hmac_token(kHeader, claims, kSecret); }

MintRequest request() {
  return {.user = "alice",
          .app = "tilechat",
          .scope = {"rabbitmq.read:%2F/a/b"},
          .now_seconds = kNow,
          .ttl_seconds = 60};
}

TEST(Mint, MakesTheContractsClaims) {
  const auto token = mint(request(), kSecret);
  ASSERT_TRUE(token);
  const auto claims = verifier().verify(*token, kNow);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->sub, "alice");
  EXPECT_EQ(claims->user_id, "alice");
  EXPECT_EQ(claims->client_id, "alice");
  EXPECT_EQ(claims->app_id, "tilechat");
  EXPECT_EQ(claims->iat, kNow);
  EXPECT_EQ(claims->exp, kNow + 60);
  EXPECT_EQ(claims->jti.size(), 36U);
  EXPECT_FALSE(claims->admin);
  EXPECT_THAT(claims->aud, ElementsAre("rabbitmq", "alice"));
  EXPECT_THAT(claims->scope, ElementsAre("rabbitmq.read:%2F/a/b"));
  const auto object = json::parse_object(claims->json);
  ASSERT_TRUE(object);
  for (const char* name : {"cid", "azp"}) EXPECT_EQ(object->find(name), "\"alice\"") << name;
  EXPECT_EQ(object->find("kid"), "\"tiledesk-key\"");
  EXPECT_EQ(object->find("tiledesk_api_roles"), "\"user\"");
}

TEST(Mint, SaysAdminOnlyWhenAsked) {
  MintRequest admin = request();
  admin.admin = true;
  EXPECT_TRUE(verifier().verify(mint(admin, kSecret).value(), kNow)->admin);
}

TEST(Mint, GivesEveryTokenItsOwnId) {
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.insert(verifier().verify(mint(request(), kSecret).value(), kNow)->jti);
  EXPECT_EQ(ids.size(), 50U);
}

TEST(Mint, CarriesAnyValidId) {
  MintRequest odd = request();
  odd.user = "\xE6\x9D\x8E\"\\";
  EXPECT_EQ(verifier().verify(mint(odd, kSecret).value(), kNow)->user_id, odd.user);
}

TEST(Mint, RefusesWhatItCannotSign) {
  MintRequest bad = request();
  bad.user = "\xFF";
  EXPECT_EQ(mint(bad, kSecret).error().kind, Kind::kClaims);
  bad = request();
  bad.user.clear();
  EXPECT_EQ(mint(bad, kSecret).error().kind, Kind::kClaims);
  bad = request();
  bad.ttl_seconds = 0;
  EXPECT_EQ(mint(bad, kSecret).error().kind, Kind::kClaims);
  EXPECT_EQ(mint(request(), "").error().kind, Kind::kBadKey);
}

TEST(Mint, NamesTheKeyInTheHeaderOnlyWhenAsked) {
  const Verifier named({Key::hs256(kSecret, "another").value()});
  EXPECT_TRUE(named.verify(mint(request(), kSecret).value(), kNow));
  MintRequest with_kid = request();
  with_kid.kid_in_header = true;
  EXPECT_EQ(named.verify(mint(with_kid, kSecret).value(), kNow).error().kind, Kind::kUnknownKey);
}

struct Case {
  const char* name;
  std::function<std::string()> token;
  std::optional<Kind> refused;  ///< nothing: it passes
  VerifierSettings settings = {};
  std::int64_t now = kNow;
};

std::string tampered(std::string token, std::size_t part) {
  std::size_t at = 0;
  for (; part > 0; --part) at = token.find('.', at) + 1;
  token[at + 3] = token[at + 3] == 'A' ? 'B' : 'A';
  return token;
}

std::string nested_claims(int depth) {
  std::string claims = R"({"exp":1700000100,"aud":"rabbitmq","x":)";
  for (int i = 0; i < depth; ++i) claims += "[";
  for (int i = 0; i < depth; ++i) claims += "]";
  return claims + "}";
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"good", [] { return with_claims(kClaims); }, std::nullopt},
      // shape
      {"empty", [] { return std::string(); }, Kind::kMalformed},
      {"no_dots", [] { return std::string("abc"); }, Kind::kMalformed},
      {"two_parts", [] { return testing::base64url(kHeader) + "." + testing::base64url(kClaims); },
       Kind::kMalformed},
      {"four_parts", [] { return with_claims(kClaims) + ".AAAA"; }, Kind::kMalformed},
      {"empty_signature",
       [] { return testing::base64url(kHeader) + "." + testing::base64url(kClaims) + "."; },
       Kind::kMalformed},
      {"bad_base64", [] { return "!" + with_claims(kClaims); }, Kind::kMalformed},
      {"blank_inside", [] { return with_claims(kClaims).insert(5, " "); }, Kind::kMalformed},
      {"nul_inside", [] { return with_claims(kClaims) + std::string(1, '\0'); }, Kind::kMalformed},
      {"header_no_json", [] { return testing::hmac_token("alg", kClaims, kSecret); }, Kind::kMalformed},
      {"header_a_list", [] { return testing::hmac_token("[]", kClaims, kSecret); }, Kind::kMalformed},
      {"claims_no_json", [] { return with_claims("hello"); }, Kind::kMalformed},
      {"claims_a_list", [] { return with_claims("[1,2]"); }, Kind::kMalformed},
      {"nul_after_header",
       [] { return testing::hmac_token(kHeader + std::string(1, '\0') + "x", kClaims, kSecret); },
       Kind::kMalformed},
      {"nul_after_claims", [] { return with_claims(kClaims + std::string(1, '\0') + "x"); },
       Kind::kMalformed},
      {"header_other_type",
       [] { return testing::hmac_token(R"({"alg":"HS256","typ":"at+jwt"})", kClaims, kSecret); },
       Kind::kMalformed},
      {"claim_beyond_64_bits",
       [] { return with_claims(R"({"exp":1700000100,"aud":"rabbitmq","x":18446744073709551615})"); },
       Kind::kMalformed},
      {"claims_too_deep", [] { return with_claims(nested_claims(500)); }, Kind::kMalformed},
      {"header_crit",
       [] { return testing::hmac_token(R"({"alg":"HS256","crit":["b64"],"b64":false})", kClaims, kSecret); },
       Kind::kMalformed},
      {"huge", [] { return with_claims(std::string(1 << 20, ' ') + kClaims); }, Kind::kTooLarge},
      {"just_too_long", [] { return std::string(kMaxTokenBytes + 1, 'A'); }, Kind::kTooLarge},
      // algorithm
      {"alg_none",
       [] { return testing::base64url(R"({"alg":"none"})") + "." + testing::base64url(kClaims) + ".AA"; },
       Kind::kAlgorithm},
      {"alg_None", [] { return testing::hmac_token(R"({"alg":"None"})", kClaims, kSecret); },
       Kind::kAlgorithm},
      {"alg_missing", [] { return testing::hmac_token(R"({"typ":"JWT"})", kClaims, kSecret); },
       Kind::kAlgorithm},
      {"alg_lower_case", [] { return testing::hmac_token(R"({"alg":"hs256"})", kClaims, kSecret); },
       Kind::kAlgorithm},
      {"alg_unknown", [] { return testing::hmac_token(R"({"alg":"XS256"})", kClaims, kSecret); },
       Kind::kAlgorithm},
      {"alg_number", [] { return testing::hmac_token(R"({"alg":256})", kClaims, kSecret); },
       Kind::kAlgorithm},
      {"alg_HS512", [] { return testing::signed_token("HS512", kClaims, kSecret); }, Kind::kAlgorithm},
      {"alg_RS256", [] { return testing::hmac_token(R"({"alg":"RS256"})", kClaims, kSecret); },
       Kind::kAlgorithm},
      {"alg_twice", [] { return testing::hmac_token(R"({"alg":"HS256","alg":"none"})", kClaims, kSecret); },
       Kind::kAlgorithm},
      // signature
      {"other_secret", [] { return testing::hmac_token(kHeader, kClaims, std::string(kSecret) + "!"); },
       Kind::kSignature},
      {"tampered_claims", [] { return tampered(with_claims(kClaims), 1); }, Kind::kSignature},
      {"tampered_signature", [] { return tampered(with_claims(kClaims), 2); }, Kind::kSignature},
      {"cut_signature",
       [] {
         std::string token = with_claims(kClaims);
         token.pop_back();
         return token;
       },
       Kind::kSignature},
      {"longer_signature", [] { return with_claims(kClaims) + "A"; }, Kind::kSignature},
      // times
      {"last_second", [] { return with_claims(kClaims); }, std::nullopt, {}, kNow + 99},
      {"at_expiry", [] { return with_claims(kClaims); }, Kind::kExpired, {}, kNow + 100},
      {"leeway_after_expiry",
       [] { return with_claims(kClaims); },
       std::nullopt,
       {.leeway_seconds = 5},
       kNow + 104},
      {"after_leeway",
       [] { return with_claims(kClaims); },
       Kind::kExpired,
       {.leeway_seconds = 5},
       kNow + 105},
      {"exp_missing", [] { return with_claims(R"({"aud":"rabbitmq"})"); }, Kind::kNoExpiry},
      {"exp_null", [] { return with_claims(R"({"aud":"rabbitmq","exp":null})"); }, Kind::kNoExpiry},
      {"exp_not_required",
       [] { return with_claims(R"({"aud":"rabbitmq"})"); },
       std::nullopt,
       {.require_expiry = false}},
      {"exp_text", [] { return with_claims(R"({"aud":"rabbitmq","exp":"1700000100"})"); }, Kind::kClaims},
      {"exp_fraction", [] { return with_claims(R"({"aud":"rabbitmq","exp":1700000100.5})"); }, std::nullopt},
      {"exp_beyond_reason", [] { return with_claims(R"({"aud":"rabbitmq","exp":9223372036854775807})"); },
       Kind::kClaims},
      {"exp_beyond_64_bits", [] { return with_claims(R"({"aud":"rabbitmq","exp":1e300})"); }, Kind::kClaims},
      {"nbf_now", [] { return with_claims(R"({"aud":"rabbitmq","exp":1700000100,"nbf":1700000000})"); },
       std::nullopt},
      {"nbf_ahead", [] { return with_claims(R"({"aud":"rabbitmq","exp":1700000100,"nbf":1700000001})"); },
       Kind::kNotYetValid},
      {"nbf_within_leeway",
       [] { return with_claims(R"({"aud":"rabbitmq","exp":1700000100,"nbf":1700000001})"); },
       std::nullopt,
       {.leeway_seconds = 1}},
      {"nbf_text", [] { return with_claims(R"({"aud":"rabbitmq","exp":1700000100,"nbf":"x"})"); },
       Kind::kClaims},
      // audience
      {"aud_string", [] { return with_claims(R"({"exp":1700000100,"aud":"rabbitmq"})"); }, std::nullopt},
      {"aud_missing", [] { return with_claims(R"({"exp":1700000100})"); }, Kind::kAudience},
      {"aud_null", [] { return with_claims(R"({"exp":1700000100,"aud":null})"); }, Kind::kAudience},
      {"aud_empty", [] { return with_claims(R"({"exp":1700000100,"aud":[]})"); }, Kind::kAudience},
      {"aud_other", [] { return with_claims(R"({"exp":1700000100,"aud":["alice"]})"); }, Kind::kAudience},
      {"aud_longer", [] { return with_claims(R"({"exp":1700000100,"aud":"rabbitmq2"})"); }, Kind::kAudience},
      {"aud_other_case", [] { return with_claims(R"({"exp":1700000100,"aud":"RabbitMQ"})"); },
       Kind::kAudience},
      {"aud_number", [] { return with_claims(R"({"exp":1700000100,"aud":7})"); }, Kind::kClaims},
      {"aud_mixed", [] { return with_claims(R"({"exp":1700000100,"aud":["rabbitmq",7]})"); }, Kind::kClaims},
      {"aud_own_setting",
       [] { return with_claims(R"({"exp":1700000100,"aud":"chat"})"); },
       std::nullopt,
       {.audience = "chat"}},
      // other claims
      {"user_id_number", [] { return with_claims(R"({"exp":1700000100,"aud":"rabbitmq","user_id":7})"); },
       Kind::kClaims},
      {"scope_number", [] { return with_claims(R"({"exp":1700000100,"aud":"rabbitmq","scope":7})"); },
       Kind::kClaims},
  };
  return all;
}

class VerifyTable : public ::testing::TestWithParam<Case> {};

TEST_P(VerifyTable, PassesOrIsRefused) {
  const Case& one = GetParam();
  const std::string token = one.token();
  const auto claims = verifier(one.settings).verify(token, one.now);
  if (!one.refused) {
    EXPECT_TRUE(claims) << claims.error().message;
    return;
  }
  ASSERT_FALSE(claims);
  EXPECT_EQ(code_of(claims.error().kind), code_of(*one.refused)) << claims.error().message;
  if (token.size() > 20) {
    EXPECT_THAT(claims.error().message, Not(HasSubstr(token.substr(0, 20))));
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Table, VerifyTable, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Verify, ReadsScopesInBothForms) {
  const auto words =
      verifier().verify(with_claims(R"({"exp":1700000100,"aud":"rabbitmq","scope":" a  b "})"), kNow);
  ASSERT_TRUE(words);
  EXPECT_THAT(words->scope, ElementsAre("a", "b"));
  const auto list =
      verifier().verify(with_claims(R"({"exp":1700000100,"aud":"rabbitmq","scope":["a b","c"]})"), kNow);
  ASSERT_TRUE(list);
  EXPECT_THAT(list->scope, ElementsAre("a b", "c"));
}

TEST(Verify, TakesNothingButTheWordAdminForOne) {
  for (const char* role : {"\"Admin\"", "\"user\"", "true", "[\"admin\"]", "null"}) {
    const auto claims = verifier().verify(
        with_claims(R"({"exp":1700000100,"aud":"rabbitmq","tiledesk_api_roles":)" + std::string(role) + "}"),
        kNow);
    ASSERT_TRUE(claims) << role;
    EXPECT_FALSE(claims->admin) << role;
  }
}

class PublicKeys : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rsa_pair = testing::make_rsa(2048);
    ec_pair = testing::make_ec("P-256");
  }
  static void TearDownTestSuite() {
    rsa_pair.reset();
    ec_pair.reset();
  }
  static std::string rsa_pem() { return testing::public_pem(rsa_pair); }
  static std::string ec_pem() { return testing::public_pem(ec_pair); }

  static inline testing::KeyPair rsa_pair;
  static inline testing::KeyPair ec_pair;
};

TEST_F(PublicKeys, EachAlgorithmPassesWithItsOwnKey) {
  const Verifier all(
      {Key::hs256(kSecret).value(), Key::rs256(rsa_pem()).value(), Key::es256(ec_pem()).value()});
  EXPECT_TRUE(all.verify(testing::signed_token("HS256", kClaims, kSecret), kNow));
  EXPECT_TRUE(all.verify(testing::signed_token("RS256", kClaims, testing::private_pem(rsa_pair)), kNow));
  EXPECT_TRUE(all.verify(testing::signed_token("ES256", kClaims, testing::private_pem(ec_pair)), kNow));
}

TEST_F(PublicKeys, AnotherPairsSignatureIsRefused) {
  const Verifier all({Key::rs256(rsa_pem()).value(), Key::es256(ec_pem()).value()});
  const std::string rsa = testing::private_pem(testing::make_rsa(2048));
  const std::string ec = testing::private_pem(testing::make_ec("P-256"));
  EXPECT_EQ(all.verify(testing::signed_token("RS256", kClaims, rsa), kNow).error().kind, Kind::kSignature);
  EXPECT_EQ(all.verify(testing::signed_token("ES256", kClaims, ec), kNow).error().kind, Kind::kSignature);
  const std::string good = testing::signed_token("RS256", kClaims, testing::private_pem(rsa_pair));
  EXPECT_EQ(all.verify(tampered(good, 1), kNow).error().kind, Kind::kSignature);
  EXPECT_EQ(all.verify(tampered(good, 2), kNow).error().kind, Kind::kSignature);
}

TEST_F(PublicKeys, ThePublicKeyIsNoSharedSecret) {
  // The classic: sign with HMAC under the text of the public key, and hope that the verifier goes by the
  // header.
  for (const std::string& pem : {rsa_pem(), ec_pem()}) {
    const std::string forged = testing::hmac_token(kHeader, kClaims, pem);
    const Verifier rsa({Key::rs256(rsa_pem()).value()});
    const Verifier ec({Key::es256(ec_pem()).value()});
    EXPECT_EQ(rsa.verify(forged, kNow).error().kind, Kind::kAlgorithm);
    EXPECT_EQ(ec.verify(forged, kNow).error().kind, Kind::kAlgorithm);
    const Verifier mixed(
        {Key::rs256(rsa_pem()).value(), Key::es256(ec_pem()).value(), Key::hs256(kSecret).value()});
    EXPECT_EQ(mixed.verify(forged, kNow).error().kind, Kind::kSignature);
  }
  EXPECT_EQ(Key::hs256(rsa_pem()).error().kind, Kind::kBadKey);
}

TEST_F(PublicKeys, AlgorithmsOfTheSameKeyTypeAreRefusedToo) {
  const Verifier rsa({Key::rs256(rsa_pem()).value()});
  EXPECT_EQ(
      rsa.verify(testing::signed_token("RS512", kClaims, testing::private_pem(rsa_pair)), kNow).error().kind,
      Kind::kAlgorithm);
}

TEST_F(PublicKeys, UnusableKeysAreRefusedBeforeAnyToken) {
  EXPECT_EQ(Key::hs256("").error().kind, Kind::kBadKey);
  for (const std::string& text : {std::string(), std::string("no pem"), testing::private_pem(rsa_pair),
                                  ec_pem(), testing::public_pem(testing::make_rsa(1024))}) {
    EXPECT_EQ(Key::rs256(text).error().kind, Kind::kBadKey);
  }
  for (const std::string& text : {std::string(), std::string("no pem"), testing::private_pem(ec_pair),
                                  rsa_pem(), testing::public_pem(testing::make_ec("P-384"))}) {
    EXPECT_EQ(Key::es256(text).error().kind, Kind::kBadKey);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(KeyIds, PickTheKey) {
  const Verifier two({Key::hs256("first secret", "one").value(), Key::hs256("second secret", "two").value()});
  const auto verify = [&](const std::string& secret, const std::string& kid) {
    return two.verify(testing::signed_token("HS256", kClaims, secret, kid), kNow);
  };
  EXPECT_TRUE(verify("first secret", "one"));
  EXPECT_TRUE(verify("second secret", "two"));
  EXPECT_TRUE(verify("second secret", ""));
  EXPECT_EQ(verify("second secret", "one").error().kind, Kind::kSignature);
  EXPECT_EQ(verify("first secret", "three").error().kind, Kind::kUnknownKey);
  const Verifier unnamed({Key::hs256("first secret").value()});
  EXPECT_TRUE(unnamed.verify(testing::signed_token("HS256", kClaims, "first secret", "any"), kNow));
}

TEST(Verify, RefusesEverythingWithoutKeys) {
  EXPECT_EQ(Verifier({}).verify(with_claims(kClaims), kNow).error().kind, Kind::kAlgorithm);
}

TEST(Secrets, PublicAndWeakOnesAreTold) {
  EXPECT_TRUE(is_public_default("tokenKey"));
  EXPECT_TRUE(is_public_default("your_jwt_secret_key"));
  EXPECT_FALSE(is_public_default("tokenKey2"));
  EXPECT_TRUE(is_weak(std::string(31, 'x')));
  EXPECT_FALSE(is_weak(std::string(32, 'x')));
}

}  // namespace
}  // namespace inboxd::auth
