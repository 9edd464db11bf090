/* A strict judge of OpenMetrics 1.0 text, written from the specification and apart from the
 * writer: families in one piece, metadata before samples, the suffixes of each type, canonical
 * numbers, labels well-formed and no series twice, histograms cumulative and complete. */
#ifndef PSE_TESTS_OPENMETRICS_H
#define PSE_TESTS_OPENMETRICS_H

#include "base/base.h"

/** NULL when @p text is well-formed, else what is wrong with it (a static sentence). */
const char *openmetrics_fault(const char *text);

#endif
