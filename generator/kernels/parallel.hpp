// at::parallel_for on all threads.
#pragma once

#include <ATen/Parallel.h>

#ifndef _OPENMP
#error "at::parallel_for lies in a header and runs on one thread where OpenMP is off: use -fopenmp"
#endif
