#pragma once

#include <string>

#include "base/json.h"

/// What POST /v1/whatif answers, as people read it. Pure: text out.
namespace vdc::cli {

/// Tables, a chart, and how far it can be believed.
std::string forecast_text(const base::Json& forecast);

/// How many instances are down, over time, as a chart of characters; "" when none ever is.
std::string forecast_chart(const base::Json& forecast);

/// The same, and one bar for each instance that was down, as an SVG document of its own.
std::string forecast_svg(const base::Json& forecast);

}  // namespace vdc::cli
