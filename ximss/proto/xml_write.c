/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/proto/xml_write.h"
