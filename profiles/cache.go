package profiles

import (
	"hash/maphash"
	"sync/atomic"
)

const (
	// maxBuckets times waysPerBucket is how many profiles a cache holds at most.
	maxBuckets    = 1024
	minBuckets    = 16
	waysPerBucket = 4
	// maxCachedName is the longest profile that is kept, in bytes.
	maxCachedName = 1 << 10
	// maxCacheBytes bounds names and answers together, unless a table is so large that the least number of buckets
	// needs more.
	maxCacheBytes = 8 << 20
)

// cache keeps the answers for recent profiles. A profile can only be in the bucket of its hash, where a new entry pushes
// out the oldest; so memory is bounded, readers take no lock, and a flood of distinct profiles costs a known one no more
// than being looked up anew now and then. The hash is seeded at random: nobody can aim at a bucket.
type cache struct {
	seed    maphash.Seed
	mask    uint64
	buckets []bucket
}

// bucket holds entries from the newest to the oldest. Racing writers may lose an entry, which is then made again.
type bucket [waysPerBucket]atomic.Pointer[cached]

// cached is immutable once it is in a bucket.
type cached struct {
	name  string
	found []int
}

// newCache returns a cache for answers of at most the given number of indices.
func newCache(indices int) *cache {
	perBucket := waysPerBucket * (maxCachedName + 8*indices)
	buckets := maxBuckets
	for buckets > minBuckets && buckets*perBucket > maxCacheBytes {
		buckets /= 2
	}
	return &cache{seed: maphash.MakeSeed(), mask: uint64(buckets - 1), buckets: make([]bucket, buckets)}
}

func (c *cache) bucket(name string) *bucket {
	return &c.buckets[maphash.String(c.seed, name)&c.mask]
}

func (c *cache) get(name string) (found []int, ok bool) {
	b := c.bucket(name)
	for i := range b {
		if e := b[i].Load(); e != nil && e.name == name {
			return e.found, true
		}
	}
	return nil, false
}

// put keeps an answer. The caller must not have the name share memory with something larger.
func (c *cache) put(name string, found []int) {
	if len(name) > maxCachedName {
		return
	}
	b := c.bucket(name)
	evicted := &cached{name: name, found: found}
	for i := range b {
		evicted = b[i].Swap(evicted)
		if evicted == nil || evicted.name == name {
			return
		}
	}
}
