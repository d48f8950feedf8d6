#include "app/cli.hpp"

int main(int argc, char** argv) { return inboxd::app::run(argc, argv); }
