/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_STORE_FIGURES_H
#define STORAGE_STORE_FIGURES_H

#include "storage/env_state.h"
#include "storage/store.h"

/* As store_figures.  Private to storage/. */
void store_figures_of(struct env *env, struct store_figures *figures_r);

#endif
