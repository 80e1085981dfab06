// SPDX-License-Identifier: BSD-2-Clause
// Ordered intrusive tree: Boost.Intrusive's red-black set under this house's names. Heavy to
// compile: keep it out of headers that many files include. The element derives from TreeHook<Tag>;
// the tree owns nothing.
#pragma once

#define BOOST_DISABLE_ASSERTS 1
#include <boost/intrusive/set.hpp>

namespace base {

template <typename Tag = void>
using TreeHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<Tag>,
                                    boost::intrusive::link_mode<boost::intrusive::safe_link>,
                                    boost::intrusive::optimize_size<true>>;

// Elements that compare equal may stand side by side.
template <typename T, typename Compare, typename Tag = void>
using Tree = boost::intrusive::multiset<T, boost::intrusive::base_hook<TreeHook<Tag>>,
                                        boost::intrusive::compare<Compare>,
                                        boost::intrusive::constant_time_size<false>>;

} // namespace base
