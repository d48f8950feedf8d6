#include "net/address_guard.hpp"

#include <gtest/gtest.h>

namespace inboxd::net {
namespace {

TEST(AddressGuardTest, GuardsLinkLocalAndWhatMapsIt) {
  for (const char* const address :
       {"169.254.169.254", "169.254.0.0", "169.254.255.255", "0.0.0.0", "0.1.2.3", "::", "fe80::1",
        "febf:ffff::1", "fd00:ec2::254", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::169.254.169.254",
        "64:ff9b::169.254.169.254", "64:ff9b:1::169.254.1.1", "2002:a9fe:a9fe::", "2002:a9fe:a9fe:1::7",
        "2002::1", "::ffff:0:169.254.169.254"}) {
    EXPECT_TRUE(is_guarded(boost::asio::ip::make_address(address))) << address;
  }
}

TEST(AddressGuardTest, LetsOthersPass) {
  for (const char* const address : {"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.253.255.255", "169.255.0.0",
                                    "1.2.3.4", "::1", "fd00::1", "fd00:ec2::255", "fec0::1", "2001:db8::1",
                                    "::ffff:10.0.0.1", "64:ff9b::8.8.8.8", "2002:0808:0808::"}) {
    EXPECT_FALSE(is_guarded(boost::asio::ip::make_address(address))) << address;
  }
}

}  // namespace
}  // namespace inboxd::net
