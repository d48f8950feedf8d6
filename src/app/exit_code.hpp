#pragma once

namespace inboxd::app {

// Exit codes of every subcommand.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;       ///< it was asked rightly and did not work
inline constexpr int kUsage = 2;        ///< the command line or a setting is wrong; nothing was started
inline constexpr int kSignalled = 128;  ///< plus the signal's number: ended at once by a second signal

}  // namespace inboxd::app
