#include "generator/trellis.hpp"

int main() { return 0; }
