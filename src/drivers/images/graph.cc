#include "drivers/images/graph.h"

#include "base/json.h"

namespace vdc::drivers::images {

using base::Json;

static Json file_node(const std::string& file) {
    return Json::object({{"driver", "file"}, {"filename", file}});
}

/// A fixed VHD is its disk and a footer; read raw, there is nothing to interpret. A dynamic one
/// has the size that its footer says, not what its cylinders come to.
static Json vhd_node(const Found& found, const std::string& file) {
    if (found.variant == "fixed")
        return Json::object({{"driver", "raw"},
                             {"offset", 0},
                             {"size", static_cast<std::int64_t>(found.virtual_size)},
                             {"file", file_node(file)}});
    return Json::object(
        {{"driver", "vpc"}, {"force_size_calc", "current_size"}, {"file", file_node(file)}});
}

static Json node(const Found& found, const std::string& file) {
    switch (found.format) {
        case Format::raw: return Json::object({{"driver", "raw"}, {"file", file_node(file)}});
        case Format::vhd: return vhd_node(found, file);
        case Format::vhdx: return Json::object({{"driver", "vhdx"}, {"file", file_node(file)}});
        case Format::qcow2:
        case Format::vmdk:
            return Json::object({{"driver", std::string(word(found.format))},
                                 {"file", file_node(file)},
                                 {"backing", nullptr}});
    }
    base::broken("an image format without a driver");
}

std::string graph_of(const Found& found, const std::string& file) {
    return "json:" + base::dump(node(found, file));
}

std::string graph_of_chain(const std::vector<std::string>& files) {
    Json below;
    for (std::size_t i = files.size(); i > 0; --i)
        below = Json::object({{"driver", "qcow2"},
                              {"file", file_node(files[i - 1])},
                              {"backing", std::move(below)}});
    return "json:" + base::dump(below);
}

}  // namespace vdc::drivers::images
