// SPDX-License-Identifier: BSD-2-Clause
// Real-time clocks (include/uapi/linux/rtc.h).
#pragma once

#include "base/types.h"

namespace linux {

struct RtcTime {
    i32 second = 0;
    i32 minute = 0;
    i32 hour = 0;
    i32 day_of_month = 0; // from 1
    i32 month = 0;        // from 0
    i32 year = 0;         // since 1900
    i32 day_of_week = 0;  // Sunday: 0
    i32 day_of_year = 0;
    i32 summer_time = 0;
};
static_assert(sizeof(RtcTime) == 36);

namespace rtc_request {
inline constexpr u32 alarm_on = 0x7001, alarm_off = 0x7002, update_on = 0x7003, update_off = 0x7004,
                     alarm_set = 0x4024'7007, alarm_read = 0x8024'7008, read_time = 0x8024'7009,
                     set_time = 0x4024'700a, wake_alarm_set = 0x4028'700f,
                     wake_alarm_read = 0x8028'7010;
}

} // namespace linux
