package mockapi

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

// maxStored is the most bytes of bodies that are kept.
const maxStored = 64 << 20

// Post is a request that brought something.
type Post struct {
	// N counts the requests, from 1.
	N      int    `json:"n"`
	Method string `json:"method"`
	// Path is with the query.
	Path string `json:"path"`
	// Status is that of the answer.
	Status      int    `json:"status"`
	User        string `json:"user,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	// IdempotencyKey tells, where it comes again, that the sender did not know whether the first was taken.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// Body is the body where that is JSON; Text where it is other text; Bytes, as base64, else.
	Body  json.RawMessage `json:"body,omitempty"`
	Text  string          `json:"text,omitempty"`
	Bytes []byte          `json:"base64,omitempty"`
}

func newPost(r *http.Request, body []byte) Post {
	p := Post{
		Method: r.Method, Path: r.URL.RequestURI(),
		ContentType: r.Header.Get("Content-Type"), IdempotencyKey: r.Header.Get("Idempotency-Key"),
	}
	p.User, _, _ = r.BasicAuth()
	switch {
	case json.Valid(body):
		p.Body = body
	case utf8.Valid(body):
		p.Text = string(body)
	default:
		p.Bytes = body
	}
	return p
}

func (p Post) size() int { return len(p.Body) + len(p.Text) + len(p.Bytes) }

// Counts are numbers of posts.
type Counts struct {
	// Received are all, Taken those that were answered with 200, and Failed the others.
	Received int `json:"received"`
	Taken    int `json:"taken"`
	Failed   int `json:"failed"`
	// Forgotten are those that were taken and are not kept any more.
	Forgotten int `json:"forgotten"`
}

// Listing is what a GET answers.
type Listing struct {
	Counts
	// Posts are those that were taken, the oldest first.
	Posts []Post `json:"posts"`
}

// store keeps the newest posts that were taken, within bounds.
type store struct {
	most   int
	counts Counts
	posts  []Post
	size   int
}

// add numbers p, and keeps it if it was taken.
func (s *store) add(p Post) Post {
	s.counts.Received++
	p.N = s.counts.Received
	if p.Status != http.StatusOK {
		s.counts.Failed++
		return p
	}
	s.counts.Taken++
	s.posts = append(s.posts, p)
	s.size += p.size()
	for len(s.posts) > s.most || s.size > maxStored {
		s.size -= s.posts[0].size()
		s.posts[0] = Post{}
		s.posts = s.posts[1:]
		s.counts.Forgotten++
	}
	return p
}

func (s *store) listing() Listing {
	return Listing{Counts: s.counts, Posts: append([]Post{}, s.posts...)}
}
