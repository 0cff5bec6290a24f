#include "network/breaker.hpp"

namespace network {

bool Breaker::allows(Clock::time_point now) {
    if (!opened_) return true;
    if (now - *opened_ < settings_.pause) return false;
    opened_ = now;  // the one that tries; if it never tells, another may after the pause
    return true;
}

void Breaker::succeeded() {
    failures_ = 0;
    opened_.reset();
}

void Breaker::failed(Clock::time_point now) {
    if (++failures_ >= settings_.failures) opened_ = now;
}

}  // namespace network
