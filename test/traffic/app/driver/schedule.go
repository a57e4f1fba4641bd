package driver

import "time"

// schedule says when requests are due. They are numbered from 0; all times are Unix nanoseconds.
type schedule struct {
	start, rate int64 // rate is in requests a second
}

// due is when a request is due.
func (s schedule) due(number int64) int64 {
	return s.start + number*int64(time.Second)/s.rate
}

// count is how many requests are due by a time.
func (s schedule) count(now int64) int64 {
	if now < s.start {
		return 0
	}
	// As due rounds down, a request is due by now if number/rate < now+1-start. Rounded up, that is how many are.
	second := int64(time.Second)
	return ((now+1-s.start)*s.rate + second - 1) / second
}
