// SPDX-License-Identifier: BSD-2-Clause
// Clang's thread-safety attributes under short names (clang documentation, "Thread Safety
// Analysis").
#pragma once

#if defined(__clang__)
#define PITH_TSA(attribute) __attribute__((attribute))
#else
#define PITH_TSA(attribute)
#endif

#define PITH_CAPABILITY(name) PITH_TSA(capability(name))
#define PITH_SCOPED_CAPABILITY PITH_TSA(scoped_lockable)
#define PITH_GUARDED_BY(lock) PITH_TSA(guarded_by(lock))
#define PITH_ACQUIRE(...) PITH_TSA(acquire_capability(__VA_ARGS__))
#define PITH_RELEASE(...) PITH_TSA(release_capability(__VA_ARGS__))
#define PITH_TRY_ACQUIRE(...) PITH_TSA(try_acquire_capability(__VA_ARGS__))
#define PITH_REQUIRES(...) PITH_TSA(requires_capability(__VA_ARGS__))
#define PITH_EXCLUDES(...) PITH_TSA(locks_excluded(__VA_ARGS__))
#define PITH_NO_ANALYSIS PITH_TSA(no_thread_safety_analysis)
