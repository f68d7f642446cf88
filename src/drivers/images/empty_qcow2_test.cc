#include "drivers/images/empty_qcow2.h"

#include <gtest/gtest.h>

#include "drivers/images/inspect.h"

namespace vdc::drivers::images {

TEST(EmptyQcow2, IsWhatOurOwnParserTakes) {
    for (const std::int64_t size : {std::int64_t{512}, std::int64_t{1} << 20,
                                    (std::int64_t{1} << 29) + 512, std::int64_t{1} << 36}) {
        EmptyQcow2 made = empty_qcow2({size});
        made.head.resize(made.file_size);
        const auto found =
            inspect(MemorySource(made.head), "qcow2", {.virtual_size_max = std::uint64_t{1} << 40});
        ASSERT_TRUE(found.ok()) << base::text(found.error());
        EXPECT_EQ(found->virtual_size, static_cast<std::uint64_t>(size));
    }
}

}  // namespace vdc::drivers::images
