/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/proto/frame.h"
