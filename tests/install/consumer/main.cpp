#include <mooring/mooring.hpp>

int main() { return 0; }
