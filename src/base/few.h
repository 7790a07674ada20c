// A short list that keeps its first N elements inside the object. It saves one allocation and one
// cache miss for each of a hundred thousand window logs, nearly all of which have one trail and two
// windows. The segments of a usual path need no allocation at all.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace hourgate {

/// T is default-constructible and movable. Elements live as long as the list: erase()
/// leaves one moved-from, clear() leaves all. A moved-from list may only be destroyed or assigned.
template <typename T, std::size_t N>
class Few {
public:
    Few() = default;
    Few(const Few&) = delete;
    Few& operator=(const Few&) = delete;
    Few(Few&&) noexcept = default;
    Few& operator=(Few&&) noexcept = default;
    ~Few() = default;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T* begin() noexcept { return far_ ? far_.get() : near_.data(); }
    [[nodiscard]] T* end() noexcept { return begin() + size_; }
    [[nodiscard]] const T* begin() const noexcept { return far_ ? far_.get() : near_.data(); }
    [[nodiscard]] const T* end() const noexcept { return begin() + size_; }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return begin()[index]; }
    friend bool operator==(const Few& a, const Few& b) noexcept {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

    void clear() noexcept { size_ = 0; }

    /// Inserts `value` before `place`. REQUIRES: `place` is in [begin(), end()].
    void insert(const T* place, T value) {
        const auto index = static_cast<std::size_t>(place - begin());
        if (size_ == room_) {
            auto moved = std::make_unique<T[]>(2 * room_);
            std::move(begin(), end(), moved.get());
            far_ = std::move(moved);
            room_ *= 2;
        }
        std::move_backward(begin() + index, end(), end() + 1);
        begin()[index] = std::move(value);
        ++size_;
    }

    void push_back(T value) { insert(end(), std::move(value)); }

    void erase(const T* place) {
        T* const gone = begin() + (place - begin());
        std::move(gone + 1, end(), gone);
        --size_;
    }

    /// Returns the heap bytes of the elements themselves.
    [[nodiscard]] std::size_t bytes() const noexcept { return far_ ? room_ * sizeof(T) : 0; }

private:
    std::array<T, N> near_{};
    std::unique_ptr<T[]> far_;  ///< all elements, once there have been more than N
    std::uint32_t size_ = 0;
    std::uint32_t room_ = N;
};

}  // namespace hourgate
