#pragma once

#include "api/foresight.h"

/// Questions and forecasts as the API takes and gives them.
namespace vdc::api {

/// Errors name the member that cannot be taken.
base::Result<WhatIf> what_if_from_json(const base::Json& body);
base::Json to_json(const Forecast& forecast);

base::Json what_if_schema();
base::Json forecast_schema();

}  // namespace vdc::api
